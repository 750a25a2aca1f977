"""The server under what the unit and the container recipe allow it: no systemd and no engine needed, but root."""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.test_packaging import ROOT, UNIT, instructions, settings
from helpers.server import Server, eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.geteuid() != 0, reason="giving up privileges needs some first"),
]
NOBODY = 65532
_SET_MDWE = 65


def refuse_exec_memory() -> None:
    """As MemoryDenyWriteExecute: this process and its children get no memory that is written and executed."""
    ctypes.CDLL(None).prctl(_SET_MDWE, 1, 0, 0, 0)  # an older kernel refuses, and all goes on without


@contextmanager
def running(folder: Path, command: list[str]) -> Iterator[Server]:
    """A server started by a command that gives up privileges first."""
    server = Server.__new__(Server)
    server.data, server.log = folder, folder.parent / "log"
    server._log_file = server.log.open("ab")
    server.process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=server._log_file,
        stderr=server._log_file,
        preexec_fn=refuse_exec_memory,  # noqa: PLW1509  no thread of this process holds what the child needs
    )
    try:
        yield server.wait_ready()
    finally:
        server.stop()


def interpreter(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "barograph", *arguments]


def home_of(path: Path) -> Path:
    """A data folder that user 65532 owns, below folders that it may pass."""
    place = Path(tempfile.gettempdir()) / f"packaging-{os.getpid()}-{path.name}"
    place.mkdir(parents=True)
    place.chmod(0o755)
    data = place / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    return data


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    made = home_of(tmp_path)
    yield made
    shutil.rmtree(made.parent)


def capabilities() -> str:
    return ",".join("+" + name.removeprefix("CAP_").lower() for name in settings()["AmbientCapabilities"][0].split())


def failing(server: Server) -> list[str]:
    """Return the collectors that fail, at a moment when none is merely late, as on a busy machine."""

    def look() -> list[str] | None:
        collectors = server.get("/api/barograph/v1/status").json()["data"]["collectors"]
        if any(one["state"] == "hung" for one in collectors):
            return None
        return [f"{one['name']}: {one['reason']}" for one in collectors if one["state"] not in ("ok", "no_data")]

    return eventually(look, what="a moment when no collector is late")


def test_with_the_units_user_and_capabilities_everything_is_collected(data: Path) -> None:
    limits = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--no-new-privs"]
    bounds = ["--inh-caps", f"-all,{capabilities()}", "--ambient-caps", f"-all,{capabilities()}"]
    bounds += ["--bounding-set", f"-all,{capabilities()}"]
    serve = interpreter("serve", "--data", str(data), "--listen", "127.0.0.1:0")
    with running(data, ["setpriv", *limits, *bounds, *serve]) as server:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert f"Uid:\t{NOBODY}" in status
        assert "NoNewPrivs:\t1" in status
        eventually(lambda: server.value("node_load1") is not None, what="a sample")
        assert failing(server) == []
        # /proc/1/io is root's: CAP_SYS_PTRACE reads it
        assert (Path(f"/proc/{server.process.pid}/status").read_text().split("CapEff:\t")[1][:16]) == "0000000000880004"


def test_every_system_call_is_one_that_the_unit_allows(data: Path, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze") or not shutil.which("strace"):
        pytest.skip("needs systemd-analyze and strace")
    trace = tmp_path / "trace"
    serve = interpreter("serve", "--data", str(data), "--listen", "127.0.0.1:0")
    with running(data, ["strace", "-f", "-qq", "-c", "-S", "name", "-o", str(trace), *serve]) as server:
        eventually(lambda: server.value("node_load1") is not None, what="a sample")
        assert server.request("/login", method="POST", headers={"Origin": server.url}, form={"user": "x"}).status == 401
        assert server.request("/-/reload", method="POST", headers=bearer(server)).status == 200
        os.kill(keeper_of(server), 15)
        server.process.wait(60)
    used = {line.split()[-1] for line in trace.read_text().splitlines() if re.match(r"\s*[\d.]+ +[\d.]+", line)} - {
        "total"
    }
    allowed: set[str] = set()
    for line in settings()["SystemCallFilter"]:
        named = {call for name in line.removeprefix("~").split() for call in calls_of(name)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    assert len(used) > 40
    assert used - allowed - {"execve"} == set(), f"{UNIT.name} would refuse these"


def keeper_of(server: Server) -> int:
    return int((server.data / "lock").read_text())


def bearer(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def calls_of(group: str) -> set[str]:
    if not group.startswith("@"):
        return {group}
    answer = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    found: set[str] = set()
    for line in answer.stdout.splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            found |= calls_of(name)
        elif name and not name.startswith("#"):
            found.add(name)
    return found


def passable(place: Path) -> str:
    """Commands that let anybody reach this Python and this checkout where they lie in root's own folder."""
    private = [path for path in (sys.base_prefix, str(ROOT)) if path.startswith("/root/")]
    if not private:
        return ""
    kept = [(path, f"{place}/kept{number}") for number, path in enumerate(private)]
    commands = [f"mkdir {held} && mount --bind {path} {held}" for path, held in kept]
    commands.append("mount -t tmpfs -o mode=755 none /root")
    commands += [f"mkdir -p {path} && mount --bind {held} {path}" for path, held in kept]
    return "; ".join(commands) + "; "


def test_as_the_container_recipe_runs_it_the_host_is_seen_and_nothing_can_be_written(
    data: Path, tmp_path: Path
) -> None:
    host = data.parent / "host"
    for name in ("proc", "sys", "root"):
        (host / name).mkdir(parents=True)
    words = json.loads(next(rest for word, rest in instructions() if word == "CMD"))
    words = [word.replace("/host", str(host)).replace("/data/barograph", str(data)) for word in words]
    mounts = passable(data.parent) + "; ".join(
        f"mount --rbind {source} {host}/{name} && mount -o remount,bind,ro {host}/{name}"
        for source, name in (("/proc", "proc"), ("/sys", "sys"), ("/", "root"))
    )
    drop = (
        f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all"
    )
    inside = f"set -e; {mounts}; exec {drop} -- " + " ".join(interpreter(*words, "--listen", "127.0.0.1:0"))
    with running(data, ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside]) as server:
        eventually(lambda: server.value("node_memory_MemTotal_bytes") is not None, what="a sample")
        assert failing(server) == []
        total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
        assert eventually(lambda: server.value("node_memory_MemTotal_bytes")) == int(total.split()[1]) * 1024
        # mounts are asked each in its turn, and one that is late has no sample yet
        size = 'node_filesystem_size_bytes{mountpoint="/"}'
        eventually(lambda: (server.value(size) or 0) > 0, what="the size of the root")
        assert "CapEff:\t0000000000000000" in Path(f"/proc/{server.process.pid}/status").read_text()
