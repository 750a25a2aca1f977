"""A small file system of its own, and a way to fill it up. Needs root to mount; skips without."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_TRIES = 50


@contextmanager
def small_file_system(point: Path, size: str) -> Iterator[Path]:
    """Mount a file system of `size` (as mount writes it: `300k`) at a new folder for the length of a block."""
    point.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", point], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield point
    finally:
        _unmount(point)


def _unmount(point: Path) -> None:
    """Take it away; what used it may have ended only just now."""
    for _ in range(_TRIES):
        if subprocess.run(["umount", point], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(["umount", point], check=True)


def grow(point: Path, size: str) -> None:
    """Give a small file system more space."""
    subprocess.run(["mount", "-o", f"remount,size={size}", point], check=True)


def fill(place: Path) -> Path:
    """Take all the space, again if some was set free; removing the returned file gives it back."""
    ballast = place / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast
