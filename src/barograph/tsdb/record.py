"""The log record: all rows of one tick as bytes, framed with tick, length and CRC-32. Pure; docs/formats/live-db.md.

A row is written against its group's *key row*, which is written whole: only the columns whose bits differ from it, as a
bit mask and the differences, so a damaged record costs its own tick and, if it held a key row, those that lean on it.
"""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.errors import CorruptError

Bits = NDArray[np.uint64]

_FRAME = struct.Struct("<QII")
_ROW = struct.Struct("<IIIqQ")
KEY_EVERY = 60
"""A key row is written with every tick that is a multiple of this."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of one group.

    Attributes:
        layout_id: Which columns these are.
        timestamp_ms: The row's instant.
        key_tick: The tick of the key row it leans on; its own tick where it is one.
        bits: The values as raw bits, uint64 `[columns]`.
    """

    layout_id: int
    timestamp_ms: int
    key_tick: int
    bits: Bits


def encode_record(tick: int, rows: list[LogRow], keys: dict[int, Bits]) -> bytes:
    """Encode a tick.

    Args:
        tick: Its number.
        rows: Its rows.
        keys: The newest key row of each layout, which rows that are no key lean on. Of several rows of one layout
            whose key tick is this one, the first is the key row.
    """
    parts: list[bytes] = []
    keyed: set[int] = set()
    for row in rows:
        bits = row.bits
        if row.key_tick == tick and row.layout_id not in keyed:
            keyed.add(row.layout_id)
        else:
            key = keys[row.layout_id]
            bits = bits.copy()
            bits[: len(key)] ^= key
        mask = np.packbits(bits != 0).tobytes()
        # most differences have zeros in the same bytes: laid out byte by byte they compress well
        changed = np.ascontiguousarray(bits[bits != 0].view(np.uint8).reshape(-1, 8).T).tobytes()
        body = zlib.compress(mask + changed, 1)
        parts.append(_ROW.pack(row.layout_id, len(row.bits), len(body), row.timestamp_ms, row.key_tick))
        parts.append(body)
    payload = b"".join(parts)
    return _FRAME.pack(tick, len(payload), zlib.crc32(payload, tick & 0xFFFFFFFF)) + payload


def record_tick(record: object) -> int:
    """Return the tick a slot claims to hold, unchecked; 0 where it holds no record."""
    if not isinstance(record, bytes) or len(record) < _FRAME.size:
        return 0
    return int(_FRAME.unpack_from(record)[0])


def decode_record(record: bytes, keys: dict[tuple[int, int], Bits]) -> tuple[int, list[LogRow]]:
    """Decode a slot's bytes; trailing bytes are padding.

    Args:
        record: The slot.
        keys: Key rows by layout and tick; those met here are added.

    Raises:
        CorruptError: The checksum does not hold, or a row leans on a key row that is not there.
    """
    if len(record) < _FRAME.size:
        raise CorruptError(f"a log slot of {len(record)} bytes is too short for its frame")
    tick, length, crc = _FRAME.unpack_from(record)
    payload = record[_FRAME.size : _FRAME.size + length]
    if len(payload) != length or zlib.crc32(payload, tick & 0xFFFFFFFF) != crc:
        raise CorruptError(f"the log slot of tick {tick} is damaged: its checksum does not hold")
    rows: list[LogRow] = []
    offset = 0
    while offset < length:
        layout_id, columns, body_bytes, timestamp_ms, key_tick = _ROW.unpack_from(payload, offset)
        offset += _ROW.size
        bits = _decode_bits(payload[offset : offset + body_bytes], columns)
        offset += body_bytes
        if key_tick == tick and (layout_id, tick) not in keys:
            keys[layout_id, tick] = bits
        else:
            key = keys.get((layout_id, key_tick))
            if key is None:
                raise CorruptError(f"the log slot of tick {tick} leans on tick {key_tick}, which is damaged")
            bits[: len(key)] ^= key
        rows.append(LogRow(layout_id, timestamp_ms, key_tick, bits))
    return tick, rows


def _decode_bits(body: bytes, columns: int) -> Bits:
    raw = zlib.decompress(body)
    mask_bytes = (columns + 7) // 8
    mask = np.unpackbits(np.frombuffer(raw, np.uint8, mask_bytes), count=columns).view(np.bool_)
    changed = np.frombuffer(raw, np.uint8, offset=mask_bytes).reshape(8, -1)
    bits = np.zeros(columns, np.uint64)
    bits[mask] = np.ascontiguousarray(changed.T).view(np.uint64).ravel()
    return bits
