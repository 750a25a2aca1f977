"""A process that presses the disk, with a name of one's choice: for whoever asks who it was."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.server import Server

LASTS_S = 150
# many small writes, each waited for: what presses a disk however fast it is
_PROGRAM = (
    f"#!{sys.executable}\n"
    + """
import os, sys, threading, time
try:
    os.nice(-10)  # whatever else this machine does: it is the disk that is to be pressed
except PermissionError:
    pass
end = time.monotonic() + float(sys.argv[1])
def write(number):
    file = os.open(f"{sys.argv[2]}{number}", os.O_WRONLY | os.O_CREAT)
    while time.monotonic() < end:
        os.pwrite(file, b"x" * 65536, 0)
        os.fsync(file)
threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
)


@contextmanager
def storm(folder: Path, name: str, *words: str) -> Iterator[None]:
    """A process of this name, with these words behind it, that writes into a folder and waits for the disk."""
    script = folder / name
    script.write_text(_PROGRAM)
    script.chmod(0o755)
    process = subprocess.Popen([str(script), str(LASTS_S), str(folder / "written"), *words])
    try:
        yield
    finally:
        process.kill()
        process.wait()
        for written in folder.glob("written*"):
            written.unlink()


def is_recorded(server: Server, name: str) -> bool:
    """Tell whether the newest second has a process of this name that writes."""
    table = server.get("/api/barograph/v1/processes", or_null="true", by="io").json()["data"]
    return table is not None and any(row["name"] == name and row["write"] for row in table["rows"])
