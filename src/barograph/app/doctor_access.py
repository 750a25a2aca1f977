"""What the doctor says of who may come in: addresses, TLS, people, tokens, sessions. Pure but for certificates."""

import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from barograph.app.certificate_expiry import certificate_end
from barograph.app.finding import Finding, advice, fact, good, problem
from barograph.app.listen import is_loopback, parse_address
from barograph.model.clock import Clock
from barograph.model.errors import ConfigError
from barograph.web.config import WebConfig

_SOON_DAYS = 14
_OLD_DAYS = 180
Row = dict[str, Any]


def examine_listening(web: WebConfig, clock: Clock) -> list[Finding]:
    """Return who can reach a server, and how."""
    found = [_address(address, web) for address in web.listen]
    if web.trusted_proxies:
        proxies = ", ".join(web.trusted_proxies)
        words = f"what {proxies} say of where a request comes from is believed; people come to {web.external_url}"
        found.append(fact("proxies", words))
    if web.tls.cert_file:
        found.append(_certificate(web.tls.cert_file, web.tls.key_file, clock))
    return found


def examine_people(users: Sequence[Row], tokens: Sequence[Row], sessions: Sequence[Row], clock: Clock) -> list[Finding]:
    """Return who may come in, and with what; rows are as the API has them."""
    return [_users(users), *_tokens(tokens, clock), _sessions(sessions)]


def _address(address: str, web: WebConfig) -> Finding:
    host, port = parse_address(address)
    if host.startswith("/"):
        return good("open to", f"{host}: programs of this machine that run as this user or its group")
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if is_loopback(address):
        return good("open to", f"{where}: programs of this machine, whoever runs them; all must log in")
    if web.tls.cert_file:
        return fact("open to", f"{where}: {_reach(host)}, over TLS; all must log in")
    return fact("open to", f"{where}: {_reach(host)} by way of the trusted proxies alone; all must log in")


def _reach(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "whoever reaches that name"
    if address.is_unspecified:
        return "whoever reaches any address of this machine"
    return "the local network" if address.is_private else "the internet"


def _certificate(cert_file: str, key_file: str, clock: Clock) -> Finding:
    remedy = "renew it: the new files are taken without a restart"
    try:
        end = certificate_end(cert_file, key_file)
    except ConfigError as error:
        return problem("certificate", error.message, remedy)
    except OSError as error:
        return problem(
            "certificate", f"{error.filename or cert_file}: {error.strerror}", "make it readable for the server"
        )
    left = timedelta(seconds=end.timestamp() - clock.now_s())
    words = f"{cert_file} is good until {end:%Y-%m-%d}"
    if left < timedelta(days=_SOON_DAYS):
        return advice("certificate", f"{words}: {left.days} days", remedy)
    return good("certificate", words)


def _users(users: Sequence[Row]) -> Finding:
    if not users:
        words = "no user yet: whoever opens the log-in link that a start prints is the local administrator"
        return advice("users", words, "barograph user add NAME --role admin --password")
    by_role: dict[str, list[str]] = {}
    for user in users:
        by_role.setdefault(str(user["role"]), []).append(str(user["name"]))
    shown = "; ".join(f"{role}: {', '.join(names)}" for role, names in sorted(by_role.items()))
    return fact("users", shown)


def _tokens(tokens: Sequence[Row], clock: Clock) -> list[Finding]:
    found = [
        fact("tokens", "the local administrator's, in the data folder's file `token`: whoever reads it may do all")
    ]
    for token in tokens:
        scopes = ", ".join(map(str, token["scopes"]))
        words = f"{token['prefix']}… {token['name']!r} of {token['user']}, for {scopes}"
        used_s = token["last_used"] or token["created"]
        if token["expires"] is not None and token["expires"] <= clock.now_s():
            found.append(fact("tokens", f"{words}, has expired and opens nothing"))
        elif token["expires"] is None:
            found.append(
                advice(
                    "tokens", f"{words}, never ends", f"barograph token revoke {token['id']}, and make one that ends"
                )
            )
        elif clock.now_s() - used_s > _OLD_DAYS * 86_400:
            found.append(
                advice("tokens", f"{words}, not used for half a year", f"barograph token revoke {token['id']}")
            )
        else:
            found.append(fact("tokens", words))
    return found


def _sessions(sessions: Sequence[Row]) -> Finding:
    if not sessions:
        return fact("sessions", "nobody is logged in")
    people = sorted({f"{row['user']} from {row['source']}" for row in sessions})
    more = f" and {len(people) - 5} more" if len(people) > 5 else ""
    return fact("sessions", f"{len(sessions)} open: {', '.join(people[:5])}{more}")
