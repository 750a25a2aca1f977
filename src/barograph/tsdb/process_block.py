"""Blocks of the process log: samples of the flight recorder <-> bytes. docs/formats/process-log.md has every byte.

Rows are sorted by process, then by time, so that what changes little stands side by side: differences of neighbours, as
few bytes as the greatest needs, plane by plane, then zstd. A damaged block is refused whole.
"""

from collections.abc import Sequence
from typing import TypeVar

import cramjam
import msgspec
import numpy as np
from numpy.typing import NDArray

from barograph.model.errors import StoreError
from barograph.model.processes import (
    IntMatrix,
    Measure,
    ProcessFacts,
    ProcessSample,
    UnitFacts,
    UnitMeasure,
)

_LEVEL = 9
_LARGEST_BYTES = 1 << 28
_TEXTS_OF_PROCESS = (5, 6)
_Ints = NDArray[np.int64]
_Facts = TypeVar("_Facts", ProcessFacts, UnitFacts)


class _Table(msgspec.Struct, array_like=True, frozen=True):
    """Rows of one kind: whose they are, at which sample, and their numbers, column by column."""

    owners: bytes
    samples: bytes
    columns: list[bytes]


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    """What a block holds, before compression. Every `bytes` is a column as `_pack` makes it."""

    times: bytes
    intervals: bytes
    texts: list[str]
    processes: list[bytes]
    """The columns of the processes' facts; texts by their place in `texts`."""
    units: list[bytes]
    rows: _Table
    unit_rows: _Table
    started: list[bytes]
    """Two columns: sample, process."""
    ended: list[bytes]


class _Texts:
    """Texts by place, each once."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))


def encode_block(samples: Sequence[ProcessSample]) -> bytes:
    """Return samples, in order of time, as one block."""
    processes: dict[ProcessFacts, int] = {}
    units: dict[UnitFacts, int] = {}
    rows = _table([(sample.facts, sample.numbers) for sample in samples], processes, len(Measure))
    unit_rows = _table([(sample.units, sample.unit_numbers) for sample in samples], units, len(UnitMeasure))
    started = _events([sample.started for sample in samples], processes)
    ended = _events([sample.ended for sample in samples], processes)
    texts = _Texts()
    payload = _Payload(
        times=_pack([sample.at_ms for sample in samples]),
        intervals=_pack([sample.interval_ms for sample in samples]),
        processes=_pack_facts(list(processes), texts),
        units=_pack_facts(list(units), texts),
        texts=list(texts.places),
        rows=rows,
        unit_rows=unit_rows,
        started=started,
        ended=ended,
    )
    return bytes(cramjam.zstd.compress(msgspec.msgpack.encode(payload), level=_LEVEL))


class Block:
    """A decoded block.

    Args:
        data: As `encode_block` made it.

    Raises:
        StoreError: It is none.
    """

    def __init__(self, data: bytes) -> None:
        try:
            raw = bytes(cramjam.zstd.decompress(data))
            payload = msgspec.msgpack.decode(raw, type=_Payload)
            texts = payload.texts
            self._intervals = _unpack(payload.intervals)
            self.times_ms: _Ints = _unpack(payload.times)
            self._facts = [_facts_of(row, texts) for row in _columns(payload.processes)]
            self._units = [
                UnitFacts(texts[kind], texts[name], texts[path]) for kind, name, path in _columns(payload.units)
            ]
            count = len(self.times_ms)
            self._rows = _Rows(payload.rows, count, len(Measure))
            self._unit_rows = _Rows(payload.unit_rows, count, len(UnitMeasure))
            self._started = [_unpack(column) for column in payload.started]
            self._ended = [_unpack(column) for column in payload.ended]
        except (ValueError, IndexError, msgspec.MsgspecError, cramjam.DecompressionError) as error:
            raise StoreError(f"a block of the process log cannot be read: {error}") from error

    def sample(self, number: int) -> ProcessSample:
        """Return the sample with this number, from 0."""
        owners, numbers = self._rows.of(number)
        unit_owners, unit_numbers = self._unit_rows.of(number)
        return ProcessSample(
            at_ms=int(self.times_ms[number]),
            interval_ms=int(self._intervals[number]),
            facts=tuple(self._facts[owner] for owner in owners),
            numbers=numbers,
            started=self._named(self._started, number),
            ended=self._named(self._ended, number),
            units=tuple(self._units[owner] for owner in unit_owners),
            unit_numbers=unit_numbers,
        )

    def _named(self, events: Sequence[_Ints], number: int) -> tuple[ProcessFacts, ...]:
        samples, owners = events
        return tuple(self._facts[owner] for owner in owners[samples == number])


class _Rows:
    """Rows of one kind, found by their sample."""

    def __init__(self, table: _Table, count: int, width: int) -> None:
        samples = _unpack(table.samples)
        # within a sample in order of the owners, as they were met first
        order = np.argsort(samples, kind="stable")
        self._owners = _unpack(table.owners)[order]
        self._starts = np.searchsorted(samples[order], np.arange(count + 1))
        columns = [_unpack(column)[order] for column in table.columns]
        if len(columns) != width:
            raise ValueError(f"{len(columns)} columns instead of {width}")
        self._numbers: IntMatrix = np.stack(columns, axis=1)

    def of(self, number: int) -> tuple[_Ints, IntMatrix]:
        span = slice(self._starts[number], self._starts[number + 1])
        return self._owners[span], self._numbers[span]


def _table(parts: Sequence[tuple[Sequence[_Facts], IntMatrix]], known: dict[_Facts, int], width: int) -> _Table:
    owners = np.array([known.setdefault(facts, len(known)) for part, _ in parts for facts in part], np.int64)
    samples = np.repeat(np.arange(len(parts)), [len(part) for part, _ in parts])
    numbers = np.concatenate([numbers for _, numbers in parts]) if parts else np.zeros((0, width), np.int64)
    order = np.lexsort((samples, owners))
    return _Table(
        owners=_pack(owners[order]),
        samples=_pack(samples[order]),
        columns=[_pack(column) for column in numbers[order].T],
    )


def _events(parts: Sequence[Sequence[ProcessFacts]], known: dict[ProcessFacts, int]) -> list[bytes]:
    owners = [known.setdefault(facts, len(known)) for part in parts for facts in part]
    samples = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return [_pack(samples), _pack(owners)]


def _pack_facts(facts: Sequence[ProcessFacts | UnitFacts], texts: _Texts) -> list[bytes]:
    rows = [[texts.place(value) if isinstance(value, str) else value for value in row] for row in facts]
    return [_pack(column) for column in zip(*rows, strict=True)]


def _facts_of(row: Sequence[int], texts: Sequence[str]) -> ProcessFacts:
    """Return who a process is; blocks of before parents were kept have a column less."""
    pid, start, *places = row
    if len(places) not in _TEXTS_OF_PROCESS:
        raise ValueError(f"{len(row)} columns of processes")
    return ProcessFacts(int(pid), int(start), *(texts[place] for place in places))


def _columns(packed: Sequence[bytes]) -> list[tuple[int, ...]]:
    return list(zip(*(_unpack(column).tolist() for column in packed), strict=True))


def _pack(values: Sequence[int] | _Ints) -> bytes:
    """Return integers as bytes: a byte with the width, then the zigzag differences' planes, least significant first."""
    column = np.asarray(values, np.int64)
    steps = np.diff(column, prepend=np.int64(0))
    folded = ((steps << 1) ^ (steps >> 63)).view(np.uint64)
    top = int(folded.max()) if len(folded) else 0
    width = max(1, (top.bit_length() + 7) // 8)
    planes = folded.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width].T
    return bytes([width]) + planes.tobytes()


def _unpack(data: bytes) -> _Ints:
    width = data[0]
    if not 1 <= width <= 8 or (len(data) - 1) % width:
        raise ValueError(f"{len(data) - 1} bytes are no column of width {width}")
    planes = np.frombuffer(data, np.uint8, offset=1).reshape(width, -1)
    folded = np.zeros((planes.shape[1], 8), np.uint8)
    folded[:, :width] = planes.T
    unsigned = folded.view("<u8")[:, 0]
    steps: _Ints = (unsigned >> np.uint64(1)).view(np.int64) ^ -(unsigned & np.uint64(1)).view(np.int64)
    return np.cumsum(steps)
