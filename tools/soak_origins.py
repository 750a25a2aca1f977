"""Asks every route as a foreign page, a foreign name and a forged form would: `make soak S=origins`.

usage: soak_origins.py [--results DIR]

Each request brings an administrator's session, as a browser would. None may be accepted, and every answer, refusals
too, must have the headers that keep a page from being framed, sniffed or read by others.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import PLAUSIBLE, Headers, Reply, Wire, administer, path_of, routes_in_order, session_of
from helpers.server import Server, serving

PROOF = Proof(
    row=35,
    name="origins",
    fault="Another site's page asks (CSRF, CORS), or another name leads here (DNS rebinding)",
    promise="Everything is refused by the default configuration; no answer may be framed, sniffed or read by others.",
    method="Every route and method of the router with thirty sets of headers (names, origins, fetch metadata), each "
    "with an administrator's session cookie.",
)
FORM = urlencode(PLAUSIBLE).encode()
KIND = [("content-type", "application/x-www-form-urlencoded")]
REQUIRED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'")


def foreign_places(authority: str) -> dict[str, Headers]:
    """Return sets of headers that no request may have, whatever it asks."""
    port = authority.rpartition(":")[2]
    names = {
        "evil.example",
        f"evil.example:{port}",
        f"127.0.0.1.evil.example:{port}",
        f"localhost.evil.example:{port}",
        f"localhost@evil.example:{port}",
        f"169.254.169.254:{port}",
        f"2130706433:{port}",
        f"0.0.0.0:{port}",
        "",
    }
    origins = {
        "http://evil.example",
        f"http://evil.example:{port}",
        "null",
        f"https://{authority}",
        "http://127.0.0.1:1",
        f"http://localhost:{port}",
        f"http://{authority}.evil.example",
        f"http://{authority}@evil.example",
        f"http://{authority}, http://evil.example",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "",
    }
    found: dict[str, Headers] = {f"host {name!r}": [("host", name)] for name in sorted(names)}
    found["no host"] = []
    found["two hosts"] = [("host", authority), ("host", "evil.example")]
    own = ("host", authority)
    found |= {f"origin {origin!r}": [own, ("origin", origin)] for origin in sorted(origins)}
    for site, mode in (("cross-site", "cors"), ("cross-site", "no-cors"), ("same-site", "cors")):
        found[f"fetched {site} {mode}"] = [own, ("sec-fetch-site", site), ("sec-fetch-mode", mode)]
    return found


def forged_forms(authority: str) -> dict[str, Headers]:
    """Return sets of headers that no change may have: what a foreign page's form sends."""
    own = ("host", authority)
    navigate = ("sec-fetch-mode", "navigate")
    return {
        "no origin": [own],
        "a referrer alone": [own, ("referer", f"http://{authority}/")],
        "a script's mark alone": [own, ("x-requested-with", "XMLHttpRequest")],
        "a cross-site form": [own, ("sec-fetch-site", "cross-site"), navigate],
        "a same-site form": [own, ("sec-fetch-site", "same-site"), navigate],
    }


def ask_all(server: Server, cookie: str) -> Iterator[tuple[str, Reply]]:
    """Send all requests; yields each with its answer."""
    wire = Wire(server.url)
    places, forms = foreign_places(wire.authority), forged_forms(wire.authority)
    for route in routes_in_order():
        for method in route.methods:
            sets = places if method == "GET" else places | forms
            for name, headers in sets.items():
                body = b"" if method in ("GET", "DELETE") else FORM
                path = path_of(route) + ("" if body else "?" + FORM.decode())
                given = [*headers, ("cookie", cookie), *KIND]
                yield f"{method} {route.template} with {name}", wire.send(method, path, given, body, host=False)
    wire.close()


def bare_headers(reply: Reply) -> list[str]:
    """Return what an answer's headers lack, or say too much."""
    wrong = [name for name, value in REQUIRED.items() if reply.header(name) != value]
    policy = reply.header("content-security-policy")
    wrong += [part for part in POLICY if part not in policy]
    wrong += [part for part in ("unsafe-inline", "unsafe-eval", "http:", "*") if part in policy]
    return wrong + [name for name, _ in reply.headers if name.lower().startswith("access-control-")]


def figures(place: Path) -> list[Figure]:
    """Run the proof."""
    with serving(place / "data") as server:
        administer(server, "POST", "/users", name="root", role="admin")
        cookie = session_of(server, "root")
        before = administer(server, "GET", "/audit?limit=1")[0]["number"]
        answers = list(ask_all(server, cookie))
        lines = administer(server, "GET", "/audit?limit=1000")
    accepted = [words for words, reply in answers if reply.status not in (400, 403, 421)]
    bare = [f"{words}: {found}" for words, reply in answers if (found := bare_headers(reply))]
    acted = [
        f"{line['action']} {line['target']}" for line in lines if line["actor"] == "root" and line["number"] > before
    ]
    for words in (*accepted, *bare, *acted):
        print(words, file=sys.stderr)
    authority = "127.0.0.1:1"
    return [
        Figure(name="requests", value=len(answers)),
        Figure(name="routes", value=len(routes_in_order())),
        Figure(name="sets of headers", value=len(foreign_places(authority)) + len(forged_forms(authority))),
        Figure(name="accepted", value=len(accepted), must_be=0),
        Figure(name="changes in the audit log", value=len(acted), must_be=0),
        Figure(name="answers without a security header, or with one of CORS", value=len(bare), must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Ask every route as a foreign page.", 0, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
