"""What the doctor asks of a data folder: its disk, its modes, and whether a server holds it. Reads only."""

import stat
from pathlib import Path

from barograph.app.finding import Finding, advice, fact, good, problem
from barograph.identity.local_token import FILE as TOKEN
from barograph.model.errors import StoreError
from barograph.state.sqlite import FILE as STATE
from barograph.tsdb.filenames import LOCK
from barograph.tsdb.folder import NETWORK_FILE_SYSTEMS, file_system_of, is_held
from barograph.tsdb.space import LOW_SHARE, SCARCE_SHARE, Space

_IN_MEMORY = ("tmpfs", "ramfs", "overlay")


def holder_of(folder: Path) -> str:
    """Return the process id of the server that holds a folder, or ""."""
    if not is_held(folder):
        return ""
    try:
        return (folder / LOCK).read_text(errors="replace").strip() or "unknown"
    except OSError:
        return "unknown"


def examine_folder(folder: Path) -> list[Finding]:
    """Return what is to be said of a data folder, there or not."""
    if not folder.exists():
        return [fact("data folder", f"{folder} is not there yet: the first `barograph serve` makes it")]
    return [_file_system(folder), _space(folder), *_modes(folder)]


def examine_audit(entries: tuple[int, str] | StoreError) -> Finding:
    """Return what is to be said of the audit log: its length and last hash, or why its chain does not hold."""
    if isinstance(entries, StoreError):
        remedy = "somebody has changed state.db: compare it with a snapshot, and end all sessions and tokens"
        return problem("audit log", str(entries), remedy)
    return good("audit log", f"{entries[0]:,} lines, whose chain of hashes holds")


def is_there(folder: Path) -> bool:
    """Tell whether a folder has a state to read."""
    return (folder / STATE).exists()


def _file_system(folder: Path) -> Finding:
    point, kind = file_system_of(folder)
    if kind in NETWORK_FILE_SYSTEMS:
        words = f"{folder} is on a network file system ({kind}, at {point}), where no store is safe"
        return problem("data folder", words, "choose a folder on a local disk with --data")
    if kind in _IN_MEMORY:
        words = f"{folder} is on {kind} (at {point}): what is stored may be gone with the next start of the machine"
        return advice("data folder", words, "choose a folder on a disk with --data, or mount a volume there")
    return good("data folder", f"{folder}, on {kind or 'an unknown file system'}")


def _space(folder: Path) -> Finding:
    space = Space(folder)
    space.look()
    words = f"{space.free_bytes / 1e9:,.1f} GB free, {space.free_share:.0%} of the disk"
    if space.free_share < SCARCE_SHARE:
        return problem("disk", f"{words}: the oldest data goes first", "free some space, or lower store.retention")
    if space.free_share < LOW_SHARE:
        return advice("disk", f"{words}: nothing is imported while so little is left", "free some space")
    return good("disk", words)


def _modes(folder: Path) -> list[Finding]:
    """Return who beside its owner may look into a folder."""
    open_ = []
    for path, most in ((folder, 0o700), (folder / TOKEN, 0o600), (folder / STATE, 0o600)):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        # what lies in a folder that nobody else may enter is closed whatever its own mode
        if mode & ~most & 0o077 and (path == folder or path.name == TOKEN):
            open_.append((path, mode, most))
    return [
        problem(
            "data folder", f"{path} has mode {mode:04o}: others on this machine may read it", f"chmod {most:o} {path}"
        )
        for path, mode, most in open_
    ] or [good("data folder", "readable by its owner alone")]
