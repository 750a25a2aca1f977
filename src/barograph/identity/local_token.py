"""The local administrator's token: a file in the data folder that only its owner can read. Called at start."""

import os
import re
import stat
from pathlib import Path

from barograph.identity.secrets import RandomText, random_text
from barograph.model.errors import AccessError
from barograph.model.secret import Secret

FILE = "token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,512}")


def read_or_create_token(folder: Path, random: RandomText = random_text) -> Secret:
    """Return the token in `folder`, made at the first start.

    Raises:
        AccessError: Others may read or write the file, or its content is no token; says how to mend it.
        OSError: It cannot be written (`ENOSPC` where the disk is full).
    """
    path = folder / FILE
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return _create(path, random())
    if mode & 0o077:
        raise AccessError(
            f"{path} has mode {mode:04o}, so others on this machine may read it: run `chmod 600 {path}`, "
            "and remove it first if you think that it was read (a new one is made at the next start)"
        )
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not _TOKEN.fullmatch(text):
        raise AccessError(
            f"{path} holds {len(text)} characters, which are no token (32 or more of A-Z, a-z, 0-9, _ and -): "
            "remove it, the next start makes one"
        )
    return Secret(text)


def _create(path: Path, text: str) -> Secret:
    write_private(path, text + "\n")
    return Secret(text)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text)
            file.flush()
            os.fsync(descriptor)  # else a power cut may leave the name with nothing in it
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
