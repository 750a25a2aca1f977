"""Sends the outgoing client to where it must not go: `make soak S=ssrf`.

usage: soak_ssrf.py [--count N] [--seed N] [--results DIR]

Every connection that this process tries is seen through an audit hook of the interpreter, below all code of ours, and
judged by a list of networks written down here a second time. Nothing leaves the machine: the hook ends each try.
"""

import asyncio
import ipaddress
import itertools
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient, resolve_host
from barograph.outbound.request import OutboundError, OutboundRequest
from proof import SECURITY, Figure, Proof, conclude, read_options

CASES = 500
PROOF = Proof(
    row=37,
    name="ssrf",
    fault="A webhook's address leads inside: by its notation, its name, a redirect or a name that changes (SSRF)",
    promise="No connection is made to an address that is not public, unless the configuration names it.",
    method="Notations of addresses (decimal, octal, hexadecimal, short, every IPv6 form), names with addresses of every "
    "refused network, names with one good and one bad address, names that change between two looks, and redirects of "
    "every kind. Tries are counted by an audit hook of the interpreter.",
)
V4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *(
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ),
)
V6 = ("::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64", "2001::/32")
CARRIERS = ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/96", "2002::/16")
"""Networks of IPv6 whose addresses stand for one of IPv4."""
PUBLIC = "93.184.216.34"
HOOK = "hook.example"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request: its URL, and what each look at a name finds."""

    kind: str
    url: str
    names: dict[str, list[list[str]]]
    redirect: str = ""


def inside(chance: random.Random) -> str:
    """Return an address that must not be reached."""
    if chance.random() < 0.5:
        return pick(chance, ipaddress.ip_network(chance.choice(V4)))
    if chance.random() < 0.5:
        return pick(chance, ipaddress.ip_network(chance.choice(V6)))
    return carried(chance, pick(chance, ipaddress.ip_network(chance.choice(V4))))


def pick(chance: random.Random, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """Return an address of a network."""
    return str(network[chance.randrange(network.num_addresses)])


def carried(chance: random.Random, address: str) -> str:
    """Return an IPv6 address that stands for one of IPv4."""
    number, network = int(ipaddress.IPv4Address(address)), ipaddress.IPv6Network(chance.choice(CARRIERS))
    shift = 80 if network.prefixlen == 16 else 0
    return str(ipaddress.IPv6Address(int(network.network_address) | number << shift))


def notations(address: str) -> Iterator[str]:
    """Yield ways to write an IPv4 address in a URL."""
    a, b, c, d = (int(part) for part in address.split("."))
    number = int(ipaddress.IPv4Address(address))
    yield from (address, str(number), hex(number), f"0{number:o}", f"0x{a:02x}.0x{b:02x}.0x{c:02x}.0x{d:02x}")
    yield from (f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{number & 0xFFFF}", f"{address}.")
    yield from (f"[::ffff:{address}]", f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]", f"[::{address}]")
    yield from (
        f"[64:ff9b::{address}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
        f"[0:0:0:0:0:ffff:{address}]",
    )


def cases(count: int, chance: random.Random) -> list[Case]:
    """Return so many cases of every kind."""
    written = [
        Case(kind="notation", url=f"{scheme}://{text}{path}", names={})
        for target in ("127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.1.1", "0.0.0.0")
        for text in notations(target)
        for scheme, path in (("http", "/latest/meta-data/"), ("https", ":8443/x"))
    ]
    six = ("[::1]", "[::]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[ff02::1]", "[0:0:0:0:0:0:0:1]", "localhost")
    tricks = (
        "127.0.0.1#@public.example",
        "public.example@127.0.0.1",
        "127.1",
        "0",
        "127.0.0.1%2f@x",
        "①②⑦.0.0.1",
        "ⓛocalhost",
    )
    written += [Case(kind="notation", url=f"http://{text}/", names={}) for text in six + tricks]

    def name() -> Case:
        return Case(kind="name", url="http://a.example/", names={"a.example": [[inside(chance)]]})

    def mixed() -> Case:
        both = [PUBLIC, inside(chance)]
        chance.shuffle(both)
        return Case(kind="mixed", url="http://a.example/", names={"a.example": [both]})

    def rebound() -> Case:
        looks = [[PUBLIC], [inside(chance)]]
        return Case(kind="rebinding", url="http://a.example/", names={"a.example": looks})

    def redirect() -> Case:
        target = chance.choice(
            (f"http://{host(inside(chance))}/", "http://b.example/", "//b.example/x", "file:///etc/passwd")
        )
        return Case(kind="redirect", url=f"http://{HOOK}/", names={"b.example": [[inside(chance)]]}, redirect=target)

    makers = itertools.cycle((name, mixed, rebound, redirect))
    return (
        (written + [next(makers)() for _ in range(count)])[: max(count, 1)]
        if count < len(written)
        else [
            *written,
            *(next(makers)() for _ in range(count - len(written))),
        ]
    )


def host(address: str) -> str:
    """Return an address as a URL has it."""
    return f"[{address}]" if ":" in address else address


class Tries:
    """Connections that this process has tried, seen from below; all but those to our own redirecting server end."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.allowed_port = 0
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "socket.connect" or not isinstance(arguments[1], tuple):
            return
        address, port = str(arguments[1][0]), arguments[1][1]
        if address == "127.0.0.1" and port == self.allowed_port:
            return
        self.seen.append(address)
        raise ConnectionRefusedError("seen, and ended")


def is_inside(address: str) -> bool:
    """Judge an address by the lists above."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        for carrier in CARRIERS:
            network = ipaddress.IPv6Network(carrier)
            if found in network:
                shift = 80 if network.prefixlen == 16 else 0
                found = ipaddress.IPv4Address(int(found) >> shift & 0xFFFFFFFF)
                break
    return any(found in ipaddress.ip_network(network) for network in (V4 if found.version == 4 else V6))


async def run(all_cases: list[Case], chance: random.Random) -> tuple[list[str], int]:
    """Run all cases; returns the wrong tries, and how many tries of public addresses were seen (the control)."""
    tries = Tries()
    location = ""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = chance.choice((301, 302, 303, 307, 308))
        writer.write(f"HTTP/1.1 {status} x\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    tries.allowed_port = server.sockets[0].getsockname()[1]
    wrong: list[str] = []
    publics = 0
    for case in all_cases:
        looks = {name: iter(found) for name, found in case.names.items()}

        async def resolve(name: str, port: int, looks: dict[str, Iterator[list[str]]] = looks) -> list[str]:
            if name == HOOK:
                return ["127.0.0.1"]
            return next(looks[name], []) if name in looks else await resolve_host(name, port)

        location = case.redirect
        url = case.url.replace(f"{HOOK}/", f"{HOOK}:{tries.allowed_port}/")
        client = OutboundClient(AddressRules([HOOK]), resolve=resolve)
        before = len(tries.seen)
        for _ in range(2):  # twice, since a name may change its mind
            try:
                await client.send(OutboundRequest(method="POST", url=url, body=b"x", timeout_s=2, most_redirects=4))
            except OutboundError:
                continue
        made = tries.seen[before:]
        publics += sum(not is_inside(address) for address in made)
        wrong += [f"{case.kind}: {case.url} {case.redirect}: {address}" for address in made if is_inside(address)]
    server.close()
    return wrong, publics


def main() -> int:
    """Run and print."""
    options = read_options("Send the outgoing client inside.", CASES, SECURITY)
    chance = random.Random(options.seed)
    all_cases = cases(options.count, chance)
    wrong, publics = asyncio.run(run(all_cases, chance))
    for words in wrong:
        print(words, file=sys.stderr)
    figures = [
        Figure(name="cases", value=len(all_cases)),
        *(
            Figure(name=f"by {kind}", value=sum(case.kind == kind for case in all_cases))
            for kind in ("notation", "name", "mixed", "rebinding", "redirect")
        ),
        Figure(name="connections to refused addresses", value=len(wrong), must_be=0),
        Figure(name="control: connections to public addresses that the hook saw", value=publics),
    ]
    return conclude(PROOF, figures, options)


if __name__ == "__main__":
    sys.exit(main())
