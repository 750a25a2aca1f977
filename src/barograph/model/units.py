"""Whole numbers, durations and sizes as people and programs write them: `25`, `15s`, `1h30m`, `512MB`."""

import re
from typing import Self

_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*((?:[KMGTP]i?)?B)?", re.ASCII)
_SIZE_POWER = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
WHOLE_DIGITS = 15
"""Of numbers that every float and every database holds."""


def whole_number(text: str) -> int | None:
    """Return the whole number from 0 on that a text is; None where it is none, or larger than what is counted."""
    if not (text.isascii() and text.isdigit() and len(text) <= WHOLE_DIGITS):
        return None
    return int(text)


class Duration(int):
    """A span of time in whole milliseconds, written as Prometheus does."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `1h30m`, `15s`, `500ms`, `0`; units descend and none repeats.

        Raises:
            ValueError: The text is no duration.
        """
        if text == "0":
            return cls(0)
        found = _DURATION.fullmatch(text)
        if not text or found is None:
            raise ValueError(f"{text!r} is not a duration: write it like 15s, 500ms or 1h30m")
        units = ("y", "w", "d", "h", "m", "s", "ms")
        return cls(sum(int(n) * _UNIT_MS[u] for n, u in zip(found.groups(), units, strict=True) if n))

    @property
    def ms(self) -> int:
        """The span in milliseconds."""
        return int(self)

    @property
    def seconds(self) -> float:
        """The span in seconds."""
        return int(self) / 1000

    def __str__(self) -> str:
        if not self:
            return "0s"
        rest, parts = int(self), []
        for unit in ("y", "w", "d", "h", "m", "s", "ms"):
            # years and weeks only where nothing is left over, as Prometheus prints them
            if unit in ("y", "w") and rest % _UNIT_MS[unit]:
                continue
            count, rest = divmod(rest, _UNIT_MS[unit])
            if count:
                parts.append(f"{count}{unit}")
        return "".join(parts)

    __repr__ = __str__


class Size(int):
    """A number of bytes; `KB`, `MB`, ... and `KiB`, `MiB`, ... are both powers of 1,024, as Prometheus reads them."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `512MB`, `1.5GiB`, `0`.

        Raises:
            ValueError: The text is no size.
        """
        found = _SIZE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not a size: write it like 512MB or 10GiB")
        unit = (found[2] or "B").rstrip("B").rstrip("i")
        return cls(round(float(found[1]) * 1024 ** _SIZE_POWER[unit]))

    @property
    def bytes(self) -> int:
        """The size in bytes."""
        return int(self)

    def __str__(self) -> str:
        for unit, power in (("TiB", 4), ("GiB", 3), ("MiB", 2), ("KiB", 1)):
            if int(self) >= 1024**power and int(self) % 1024**power == 0:
                return f"{int(self) // 1024**power}{unit}"
        return f"{int(self)}B"

    __repr__ = __str__
