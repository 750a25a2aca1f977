"""The zone that this machine's user lives in, with its summer times: what `HH:MM` means, and what tables show."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCALTIME = Path("/etc/localtime")


def local_zone(environment: Mapping[str, str], localtime: Path = _LOCALTIME) -> tzinfo:
    """Return the zone that `TZ` names, else the machine's, else UTC.

    Not `datetime.astimezone().tzinfo`: that is today's offset, an hour off for an instant across a change of clocks.
    """
    name = environment.get("TZ", "").removeprefix(":")
    try:
        if name.startswith("/"):
            return _read(Path(name), Path(name).name)
        return ZoneInfo(name) if name else _read(localtime, "localtime")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _read(file: Path, name: str) -> tzinfo:
    with file.open("rb") as opened:
        return ZoneInfo.from_file(opened, key=name)
