"""What the store knows of a series besides its samples, and how a run of series is written down.

The same JSON object stands in the segment (one a line), in live.db and, compressed, in block files, so each
of the three can be read without the others.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from barograph.model.batch import Family, MetricType
from barograph.model.errors import CorruptError
from barograph.model.labels import Labels


class SeriesInfo(NamedTuple):
    """A series: its labels, and the family it belongs to."""

    labels: Labels
    family: Family


class Addition(msgspec.Struct, frozen=True):
    """Series that join a source, as they are written down.

    Attributes:
        source: The batch source they arrive with.
        first: The number (column) of the first; the others follow on.
        families: Name, type and help of each family they belong to.
        series: The label pairs of each, sorted by name.
        family_of: For each the index of its family.
    """

    source: str
    first: int
    families: tuple[tuple[str, str, str], ...]
    series: tuple[tuple[tuple[str, str], ...], ...]
    family_of: tuple[int, ...]


_CRC_BYTES = 4
_key_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.json.Decoder(Addition)


def key_of(labels: Labels) -> bytes:
    """Return bytes that no other labels have: as a key they take far less memory than the labels do."""
    return _key_encoder.encode(labels.pairs)


def encode_addition(source: str, first: int, infos: Sequence[SeriesInfo]) -> bytes:
    """Write down a run of series as one line of JSON, without the line end."""
    numbers: dict[Family, int] = {}
    for info in infos:
        numbers.setdefault(info.family, len(numbers))
    addition = Addition(
        source=source,
        first=first,
        families=tuple((family.name, family.type.value, family.help) for family in numbers),
        series=tuple(info.labels.pairs for info in infos),
        family_of=tuple(numbers[info.family] for info in infos),
    )
    return msgspec.json.encode(addition)


def decode_addition(line: bytes) -> tuple[str, int, list[SeriesInfo]]:
    """Read back what `encode_addition` wrote: source, first number, series.

    Raises:
        CorruptError: The bytes are not such a line.
    """
    try:
        addition = _decoder.decode(line)
        families = [Family(name, MetricType(kind), text) for name, kind, text in addition.families]
        infos = [
            SeriesInfo(Labels.from_sorted(pairs), families[number])
            for pairs, number in zip(addition.series, addition.family_of, strict=True)
        ]
    except (msgspec.DecodeError, ValueError, IndexError) as error:
        raise CorruptError(f"the catalogue of series cannot be read: {error}") from error
    return addition.source, addition.first, infos


def seal_addition(source: str, first: int, infos: Sequence[SeriesInfo], place: int) -> bytes:
    """Write down a run of series compressed, behind a CRC-32.

    Args:
        source: As for `encode_addition`.
        first: The number of the first.
        infos: The series.
        place: The number the bytes are stored under; the checksum covers it, so they cannot turn up elsewhere.
    """
    body = zlib.compress(encode_addition(source, first, infos), 9)
    return zlib.crc32(body, place).to_bytes(_CRC_BYTES, "little") + body


def open_addition(stored: bytes, place: int) -> tuple[str, int, list[SeriesInfo]]:
    """Read back what `seal_addition` wrote.

    Raises:
        CorruptError: The bytes are not what was written there.
    """
    crc, body = int.from_bytes(stored[:_CRC_BYTES], "little"), stored[_CRC_BYTES:]
    if zlib.crc32(body, place) != crc:
        raise CorruptError("a catalogue of series is damaged: its checksum does not hold")
    return decode_addition(zlib.decompress(body))
