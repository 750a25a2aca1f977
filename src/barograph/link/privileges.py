"""Which of the keeper's privileges a child of it cannot do without: none, but where files are closed to its user.

The keeper may be given some, to read what only root may (packaging/barograph.service), or be root's. Its children take
requests, bodies and passwords from others.
"""

import os
import stat
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

from barograph.link.capabilities import DAC_OVERRIDE, DAC_READ_SEARCH, held, use

_NAMES = {DAC_OVERRIDE: "CAP_DAC_OVERRIDE", DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH"}
_FEWEST_FIRST = (frozenset[int](), frozenset({DAC_READ_SEARCH}), frozenset({DAC_OVERRIDE, DAC_READ_SEARCH}))


@dataclass(frozen=True)
class Needed:
    """What a child cannot do without.

    Attributes:
        capabilities: Their numbers; none as a rule.
        why: The words for a log, "" where it needs none.
    """

    capabilities: frozenset[int] = frozenset()
    why: str = ""


def needed(folder: Path | None) -> Needed:
    """Return which capabilities of this process a child must keep to find Python's modules and work in a folder."""
    ours = held()
    if not ours:
        return Needed()
    first = ""
    for kept in _FEWEST_FIRST:
        if not kept <= ours:
            break
        closed = _closed(ours, kept, folder)
        first = first or closed
        if not closed:
            return Needed(kept, _words(first, kept) if first else "")
    return Needed(ours & _FEWEST_FIRST[-1], _words(first, ours & _FEWEST_FIRST[-1]))


def _words(path: str, kept: frozenset[int]) -> str:
    names = " and ".join(_NAMES[number] for number in sorted(kept)) or "no capability"
    return (
        f"{path} is closed to the user that serves, so the front keeps {names}: give it to that user, or have the "
        f"server started by its owner"
    )


def _closed(ours: frozenset[int], kept: frozenset[int], folder: Path | None) -> str:
    """Return the first path that cannot be used with these capabilities alone, or ""."""
    found: list[str] = []

    def look() -> None:
        use(ours, kept)  # of this thread alone
        found.extend(_closed_paths(kept, folder)[:1])

    looking = Thread(target=look, name="privileges")
    looking.start()
    looking.join()
    return found[0] if found else ""


def _closed_paths(kept: frozenset[int], folder: Path | None) -> list[str]:
    # files are looked at and not opened: to close one of SQLite's would let go of its locks
    is_closed = partial(_is_closed, kept)
    wanted = [(Path(path), os.R_OK | os.X_OK) for path in sys.path]
    if folder is not None:
        wanted.append((folder, os.R_OK | os.W_OK | os.X_OK))
        if not is_closed(*wanted[-1]):
            wanted += [(entry, os.R_OK) for entry in folder.iterdir()]
    return [str(path) for path, mode in wanted if is_closed(path, mode)]


def _is_closed(kept: frozenset[int], path: Path, wanted: int) -> bool:
    try:
        found = path.stat()
    except PermissionError:
        return True
    except OSError:
        return False  # there is none, which is nothing that a privilege would change
    if DAC_OVERRIDE in kept or (DAC_READ_SEARCH in kept and not wanted & os.W_OK):
        return False
    if found.st_uid == os.geteuid():
        shift = 6
    elif found.st_gid in {os.getegid(), *os.getgroups()}:
        shift = 3
    else:
        shift = 0
    return stat.S_IMODE(found.st_mode) >> shift & wanted != wanted
