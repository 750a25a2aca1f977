"""How much a folder takes, and how much this process has had written to disks. Used by benchmarks of the store."""

from pathlib import Path


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def written_bytes() -> int:
    """Return the bytes this process has caused to be written to disks."""
    text = Path("/proc/self/io").read_text(encoding="ascii")
    return int(next(line for line in text.splitlines() if line.startswith("write_bytes")).split()[1])
