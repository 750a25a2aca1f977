"""Readings: values that come with their series, for files that are parsed whole and may change shape at any sample.

Used by collectors of the network; those with wide, steady tables use `TokenLayout`. Nothing here knows a metric.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from barograph.collectors.base import Frame, SeriesSpec
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_COUNTER_END = 2**64
_LARGEST_BYTES = 1 << 20

Reading = tuple[SeriesSpec, float]
ABSENT_FILE = b"-"
"""What stands for a file that this kernel does not have, where others tell enough: one word without a meaning."""

Parser = Callable[[bytes], Sequence[Reading]]
"""Makes readings of a file's content; a ValueError or IndexError means that it is not as the kernel writes it."""


class ReadingFrame:
    """Makes batches of readings; the schema stays while the series are the same.

    Comparing costs little where callers give the same `SeriesSpec` objects again. No series may come twice.
    """

    __slots__ = ("_frame", "_specs")

    def __init__(self, source: str) -> None:
        self._frame = Frame(source)
        self._specs: list[SeriesSpec] = []

    def batch(self, readings: Sequence[Reading], timestamp_ms: int) -> Batch:
        """Return the batch of these readings."""
        specs = [spec for spec, _ in readings]
        if specs != self._specs:
            self._frame.reshape(specs)
            self._specs = specs
        self._frame.values[:] = [value for _, value in readings]
        return self._frame.batch(timestamp_ms)


class FileCollector:
    """What collectors of one file have in common: it is parsed when its content changed."""

    name: str

    def __init__(self, file: KeptFile, parse: Parser) -> None:
        self._file = file
        self._parse = parse
        self._frame = ReadingFrame(self.name)
        self._latest: tuple[bytes, Sequence[Reading]] | None = None

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._file.read()
        if self._latest is None or self._latest[0] != data:
            try:
                self._latest = (data, self._parse(data))
            except (ValueError, IndexError) as error:
                raise CollectError(f"{self._file.path} is not as the kernel writes it: {error}") from error
        return self._frame.batch(self._latest[1], timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()


class PlainCollector(ABC):
    """What collectors of devices that few machines have share: each sample is read and parsed whole."""

    name: str

    def __init__(self) -> None:
        self._frame = ReadingFrame(self.name)

    @abstractmethod
    def read(self) -> Sequence[Reading]:
        """Return what there is now.

        Raises:
            NoDataError: This machine has no such thing.
            CollectError: It could not be read.
        """

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        return self._frame.batch(self.read(), timestamp_ms)

    def close(self) -> None:  # noqa: B027  those that keep something open close it
        """Nothing stays open."""


def text_in(folder: str, name: str) -> str | None:
    """Return a small file's text without whitespace around it; None where it cannot be read."""
    try:
        fd = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(fd, _LARGEST_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return None
    finally:
        os.close(fd)


def number_in(folder: str, name: str) -> float | None:
    """Return the number that a small file holds, decimal or behind 0x; None where there is none."""
    text = text_in(folder, name)
    if not text:
        return None
    try:
        return float(int(text, 0) if text.lower().startswith("0x") else int(text))
    except ValueError:
        return None


def known(pairs: Iterable[tuple[SeriesSpec, float | None]]) -> list[Reading]:
    """Return the readings that have a value."""
    return [(spec, value) for spec, value in pairs if value is not None]


def lines_of(data: bytes) -> list[list[bytes]]:
    """Return the words of each line."""
    return [line.split() for line in data.rstrip(b"\n").split(b"\n")] if data else []


def unsigned(word: bytes | str, base: int = 10) -> int:
    """Return a counter of the kernel: at most 64 bits, without a sign.

    Raises:
        ValueError: It is none.
    """
    value = int(word, base)
    if not 0 <= value < _COUNTER_END:
        raise ValueError(f"{value} is no counter of 64 bits")
    return value
