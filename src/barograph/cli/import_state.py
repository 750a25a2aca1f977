"""How far an import has come, kept between runs, so that one that was interrupted goes on where it was.

A file a text and target, under `$XDG_STATE_HOME/barograph/imports`. Losing one costs time and nothing else: what is
imported twice is stored once.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from barograph.formats.text_parts import Place


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """What was acknowledged. `offset`, `lines`, `preamble`: see `Place`."""

    path: str
    target: str
    offset: int = 0
    lines: int = 0
    preamble: str = ""
    samples: int = 0
    skipped: int = 0

    @property
    def place(self) -> Place:
        """Where to go on."""
        return Place(self.offset, self.lines, self.preamble)


class StateFile:
    """Where the state of one import is kept."""

    def __init__(self, folder: Path, text: Path, target: str, kind: str) -> None:
        """Find it by what is imported where: another size or time of the file is another import."""
        status = text.stat()
        self._fresh = ImportState(path=str(text.resolve()), target=target)
        key = f"{self._fresh.path}\n{status.st_size}\n{status.st_mtime_ns}\n{target}\n{kind}"
        self._path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def read(self) -> ImportState:
        """Return how far it has come; the beginning where nothing, or nothing readable, is known."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=ImportState)
        except (FileNotFoundError, msgspec.MsgspecError):
            return self._fresh

    def write(self, state: ImportState) -> None:
        """Keep a state; the one before stays until this one is whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(state))
        beside.replace(self._path)

    def forget(self) -> None:
        """The import is done, or begins anew."""
        self._path.unlink(missing_ok=True)


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return where states are kept."""
    state = environment.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):  # a relative one is to be ignored, says the XDG specification
        state = f"{environment.get('HOME') or Path.home()}/.local/state"
    return Path(os.path.normpath(state)) / "barograph" / "imports"
