"""Plants a canary in every secret and looks for it everywhere: `make soak S=canaries`.

usage: soak_canaries.py [--results DIR]

The secrets are those of the configuration (every field of the type `Secret`, found by walking it), passwords, tokens,
sessions, log-in codes, and what programs have in their arguments.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from barograph.app.config import Config
from barograph.web.routes import ROUTES
from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Wire, administer, path_of, session_of
from helpers.secret_fields import Planted
from helpers.server import Server, eventually, serving

PROOF = Proof(
    row=39,
    name="canaries",
    fault="A secret shows where somebody may look",
    promise="No secret is in an answer, a page, a log, a metric, an error, a listing, a snapshot or the doctor's words.",
    method="A canary in every field of the configuration that is a secret, in passwords, tokens, sessions, codes and in "
    "arguments of programs; then every route as everybody, every listing, debug logs, files of a snapshot and errors of a "
    "broken configuration are searched.",
)
PASSWORD = "canary-password-6b1e"
WRONG = "canary-wrong-password-90aa"
ARGUMENT = "canary-argument-44d0"
PLAIN = "canary-plain-argument-5c2f"
SNAPSHOT = "/api/v1/admin/tsdb/snapshot"
LISTINGS = (
    ("user", "list"),
    ("user", "sessions"),
    ("token", "list"),
    ("audit", "list"),
    ("audit", "verify"),
    ("doctor",),
    ("doctor", "--format", "json"),
    ("store", "inspect"),
    ("alerts", "list"),
    ("silence", "list"),
)


@contextmanager
def program() -> Iterator[None]:
    """A program that was given a secret as an argument, and something that looks like none."""
    words = [
        sys.executable,
        "-c",
        "import time\nwhile True: sum(range(99_999)); time.sleep(0.02)",
        f"--password={ARGUMENT}",
        PLAIN,
    ]
    running = subprocess.Popen(words)
    try:
        yield
    finally:
        running.kill()
        running.wait()


def command(server: Server, *words: str) -> str:
    """Return all that a command says."""
    run = subprocess.run(
        [sys.executable, "-m", "barograph", *words, "--data", str(server.data)],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def broken(config: Path, planted: Planted) -> Iterator[tuple[str, str]]:
    """Yield what is said of the configuration with something wrong in it, in as many ways."""
    for name, wrong in (("unknown key", {"no_such_section": 1}), ("wrong type", {"web": {"listen": 7}})):
        other = config.with_name("broken.yml")
        other.write_text(yaml.safe_dump({**planted.values, **wrong}))
        words = [sys.executable, "-m", "barograph", "check", "config", str(other)]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        yield f"check config, {name}", run.stdout + run.stderr
    cut = config.read_text()
    other = config.with_name("cut.yml")
    other.write_text(cut[: len(cut) - 3] + "\n  : [")
    words = [sys.executable, "-m", "barograph", "check", "config", str(other)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    yield "check config, cut", run.stdout + run.stderr


def looked_at(server: Server, viewer: str) -> Iterator[tuple[str, str]]:
    """Yield each place where somebody may look, and what is there."""
    wire = Wire(server.url)
    people = {
        "administrator": ("authorization", f"Bearer {server.token}"),
        "viewer": ("cookie", viewer),
        "nobody": ("x", "y"),
    }
    for route in ROUTES:
        if route.template == SNAPSHOT or route.template.endswith(("/live", "/stream", "/logout", "/clean_tombstones")):
            continue
        for name, header in people.items():
            for method in route.methods:
                if method in ("GET", "POST"):
                    body = b"" if method == "GET" else b'{"canary": [}'
                    reply = wire.send(method, path_of(route), [header, ("origin", server.url)], body)
                    yield f"{method} {route.template} as {name}", repr(reply.headers) + reply.body.decode("latin-1")
    wire.close()
    for words in LISTINGS:
        yield " ".join(words), command(server, *words)
    for path in (server.data / "snapshots").rglob("*"):
        if path.is_file():
            yield f"snapshot {path.name}", path.read_bytes().decode("latin-1")
    for pid in (server.process.pid, server.front_pid):
        yield f"arguments of {pid}", Path(f"/proc/{pid}/cmdline").read_text()
    yield "the log", server.words()


def plant_people(server: Server) -> dict[str, str]:
    """Make users, tokens and sessions; returns each secret by what it is."""
    administer(server, "POST", "/users", name="ann", role="viewer", password=PASSWORD)
    token = administer(server, "POST", "/tokens", name="x", scope="read")["token"]
    code = administer(server, "POST", "/login-links", user="ann")["path"].partition("code=")[2]
    origin = {"Origin": server.url}
    for password in (PASSWORD, WRONG):
        server.request("/login", method="POST", headers=origin, form={"user": "ann", "password": password})
    cookie = session_of(server, "ann")
    return {
        "password": PASSWORD,
        "wrong password": WRONG,
        "token": token,
        "code": code,
        "session": cookie.partition("=")[2],
        "local token": server.token,
        "argument": ARGUMENT,
    }


def figures(place: Path) -> list[Figure]:
    """Run the proof."""
    planted = Planted(Config)
    if "receivers" in planted.values:
        planted.values["route"] = {"receiver": planted.values["receivers"][0]["name"], "group_wait": "0s"}
    config = place / "config.yml"
    config.write_text(yaml.safe_dump(planted.values))
    with program(), serving(place / "data", "--config", str(config), "--log.level", "debug") as server:
        secrets = {**planted.canaries, **plant_people(server)}
        viewer = session_of(server, "ann")
        secrets["viewer's session"] = viewer.partition("=")[2]
        eventually(
            lambda: PLAIN in server.get("/api/barograph/v1/processes", limit="500").body.decode() or None,
            what="the program",
        )
        bearer = ("authorization", f"Bearer {server.token}")
        # a snapshot goes last where cores are short
        Wire(server.url, 300).send("POST", SNAPSHOT, [bearer])
        server.process.send_signal(1)
        places = [*looked_at(server, viewer), *broken(config, planted)]
    sightings = [f"{what} in {where}" for where, text in places for what, secret in secrets.items() if secret in text]
    arguments = [where for where, text in places if where.endswith("as viewer") and PLAIN in text]
    for words in (*sightings, *arguments):
        print(words, file=sys.stderr)
    controls = sum(where.startswith("GET /api/barograph/v1/users as admin") and "ann" in text for where, text in places)
    return [
        Figure(name="secrets", value=len(secrets)),
        Figure(name="of these fields of the configuration", value=len(planted.canaries)),
        Figure(name="places looked at", value=len(places)),
        Figure(name="sightings", value=len(sightings), must_be=0),
        Figure(name="places where a viewer sees arguments of programs", value=len(arguments), must_be=0),
        Figure(name="control: what is no secret is seen where it belongs", value=controls, must_be=1),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Look for canaries.", 0, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
