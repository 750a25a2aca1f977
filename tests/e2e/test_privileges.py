"""A server that root started: what takes requests, bodies and passwords has no privilege, and all goes on."""

import os
import shutil
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from helpers.server import Server, eventually, serving, store_samples

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.geteuid() != 0, reason="giving up privileges needs some first"),
]
NOBODY = 65532
PASSWORD = "correct horse battery"


def capabilities(pid: int) -> set[str]:
    """Return what any thread of a process holds or could get by exec."""
    found = set()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it ended meanwhile
            lines = (thread / "status").read_text().splitlines()
            found |= {line.split()[1] for line in lines if line.startswith("Cap")}
    return found


def children(pid: int, word: str) -> list[int]:
    found: list[str] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # as above
            found += (thread / "children").read_text().split()
    return [int(child) for child in found if word in command_of(child)]


def command_of(pid: str) -> str:
    """Return the arguments of a process, nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def pair(folder: Path, name: str) -> None:
    """Put a new certificate in its place, of another user's and closed to all others."""
    new = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        f"/CN={name}",
    ]
    files = ["-keyout", str(folder / "new.key"), "-out", str(folder / "new.pem")]
    subprocess.run(["openssl", *new, *files], check=True, capture_output=True)
    for kind in ("key", "pem"):
        os.chown(folder / f"new.{kind}", NOBODY, NOBODY)
        (folder / f"new.{kind}").chmod(0o600)
        (folder / f"new.{kind}").rename(folder / f"used.{kind}")


def test_front_worker_and_passwords_have_no_capability(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        bearer = {"Authorization": f"Bearer {server.token}"}
        keeper = server.process.pid
        store_samples(server, ["imported 1"])
        workers = children(keeper, "import_worker")
        (front,) = children(keeper, "app.front")
        assert len(workers) == 1
        assert capabilities(workers[0]) == capabilities(front) == {"0" * 16}
        assert int(max(capabilities(keeper)), 16) > 0

        form = {"name": "anne", "role": "admin", "password": PASSWORD}
        assert server.request("/api/barograph/v1/users", method="POST", headers=bearer, form=form).status < 300
        login = {"user": "anne", "password": PASSWORD}
        assert server.request("/login", method="POST", headers={"Origin": server.url}, form=login).status in (200, 303)
        assert server.request("/-/reload", method="POST", headers=bearer).status == 200
        # a snapshot goes last where cores are short
        snapshot = server.request("/api/v1/admin/tsdb/snapshot", method="POST", headers=bearer, timeout_s=150)
        assert snapshot.status == 200, snapshot.body
        os.kill(front, 9)
        eventually(lambda: children(keeper, "app.front") not in ([], [front]), what="another front")
        server.wait_ready()
        assert capabilities(children(keeper, "app.front")[0]) == {"0" * 16}
        assert eventually(lambda: server.value("imported"), what="the imported sample") == 1
        assert "closed to the user" not in server.words()
        assert "privileges" not in server.words()


def test_a_key_that_is_closed_to_the_front_is_read_for_it_and_read_again(tmp_path: Path) -> None:
    pair(tmp_path, "one")
    config = tmp_path / "barograph.yml"
    files = f"{{cert_file: {tmp_path}/used.pem, key_file: {tmp_path}/used.key}}"
    config.write_text(f"web:\n  listen: ['127.0.0.1:0', 'unix:{tmp_path}/socket']\n  tls: {files}\n")
    server = Server(tmp_path / "data", "--config", str(config))
    try:
        eventually((tmp_path / "data" / "url").exists, what="an address")
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))

        def shown() -> str | None:
            try:
                return ssl.get_server_certificate(address, timeout=20)
            except OSError:
                return None

        first = eventually(shown, what="a certificate")
        assert first == (tmp_path / "used.pem").read_text()
        assert capabilities(server.front_pid) == {"0" * 16}
        front = server.front_pid
        pair(tmp_path, "two")
        eventually(lambda: shown() == (tmp_path / "used.pem").read_text(), what="the new certificate")
        assert server.front_pid == front
    finally:
        server.stop()


def test_a_folder_that_is_another_users_is_served_and_that_is_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    with serving(data) as server:
        store_samples(server, ["imported 1"])
        assert eventually(lambda: server.value("imported"), what="the imported sample") == 1
        held = {int(bits, 16) for bits in capabilities(server.front_pid)}
        assert held <= {0, 0b110}
        assert f"{data} is closed to the user that serves, so the front keeps CAP_DAC_OVERRIDE" in server.words()
    shutil.rmtree(data)
