"""The chunk codec: a few series over one run of timestamps, as compressed bytes and a directory. Pure.

Fold and merge encode, readers decode. What comes out is bit for bit what went in, NaN payloads and minus zero included:
whatever a shorter form would not keep exactly gets a longer one. docs/formats/blocks-db.md describes every byte.
"""

import struct
import zlib
from enum import IntEnum, IntFlag

import numpy as np
import pcodec
from numpy.typing import NDArray
from pcodec import standalone

from barograph.model.errors import CorruptError
from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray, IntArray

ENTRY = np.dtype(
    [
        ("series", "<u4"),
        ("offset", "<u4"),
        ("length", "<u4"),
        ("crc", "<u4"),
        ("kind", "u1"),
        ("decimals", "u1"),
        ("flags", "<u2"),
        ("first", "<f8"),
        ("last", "<f8"),
        ("min", "<f8"),
        ("max", "<f8"),
    ]
)
"""A chunk's row in its block's directory. `series` numbers series within the file; first, last, min and max are of the
samples that are neither absent nor stale (0 where there are none); min and max leave NaN out."""

Entries = NDArray[np.void]


class Kind(IntEnum):
    """How a chunk's values are written."""

    CONSTANT = 0
    """Every sample has the bits of `first`; no bytes for values."""
    SCALED = 1
    """int64 by pcodec; a value is the integer divided by ten to the power of `decimals`."""
    FLOAT = 2
    """float64 by pcodec."""
    BITS = 3
    """The values' raw bits as uint64 by pcodec."""
    SAME = 4
    """No bytes at all: `decimals` is the number of another column of the tier, which has the same bits for this
    series. Readers take that one's chunk."""


class Flag(IntFlag):
    """What a directory row promises, or warns of."""

    ABSENT = 1
    """Some timestamps have no sample."""
    STALE = 2
    """Some samples are stale markers."""
    NEVER_FALLS = 4
    """No sample is less than the one before it, none is NaN or stale."""


_MASKED = Flag.ABSENT | Flag.STALE
_MASK_LENGTH = struct.Struct("<I")
_PRESENT, _ABSENT, _STALE = 0, 1, 2
_MAX_DECIMALS = 9
_POWERS = [10.0**digits for digits in range(_MAX_DECIMALS + 1)]
_EXACT = 2.0**53
_PROBE = 16
_CONFIG = pcodec.ChunkConfig(compression_level=8)


def encode_block(values: FloatArray) -> tuple[Entries, bytes]:
    """Encode series that share timestamps.

    Args:
        values: `[series, samples]`, C-contiguous; may hold absent and stale values.

    Returns:
        The directory (its `series` is the row number; rows without any sample have no entry), and the chunks' bytes.
    """
    entries = np.zeros(len(values), ENTRY)
    parts: list[bytes] = []
    offset = used = 0
    for row, line in enumerate(values):
        chunk = _encode_chunk(line, entries[used : used + 1])
        if chunk is None:
            continue
        entry = entries[used]
        entry["series"], entry["offset"], entry["length"] = row, offset, len(chunk)
        entry["crc"] = zlib.crc32(chunk)
        parts.append(chunk)
        offset += len(chunk)
        used += 1
    return entries[:used], b"".join(parts)


def decode_chunk(entry: np.void, payload: bytes, out: FloatArray) -> None:
    """Decode one chunk.

    Args:
        entry: Its row of the directory.
        payload: The bytes of the whole block.
        out: float64 `[samples]`, contiguous; is overwritten, with rubbish where this raises.

    Raises:
        CorruptError: The bytes are not what was written.
    """
    offset, length, flags = int(entry["offset"]), int(entry["length"]), int(entry["flags"])
    chunk = payload[offset : offset + length]
    if len(chunk) != length or zlib.crc32(chunk) != int(entry["crc"]):
        raise CorruptError("a chunk is damaged: its checksum does not hold")
    if not flags & _MASKED:
        _decode_values(entry, chunk, out)
        return
    (mask_length,) = _MASK_LENGTH.unpack_from(chunk)
    body = _MASK_LENGTH.size + mask_length
    codes = np.frombuffer(zlib.decompress(chunk[_MASK_LENGTH.size : body]), np.uint8)
    if len(codes) != len(out):
        raise CorruptError(f"a chunk is damaged: it has {len(codes)} places for {len(out)} timestamps")
    present = codes == _PRESENT
    dense = np.empty(int(present.sum()))
    if len(dense):
        _decode_values(entry, chunk[body:], dense)
    bits = out.view(np.uint64)
    bits[present] = dense.view(np.uint64)
    bits[codes == _ABSENT] = ABSENT_BITS
    bits[codes == _STALE] = STALE_BITS


def pack_directory(entries: Entries, span: int) -> bytes:
    """Write a directory down: field by field, and byte by byte within a field, so that zlib finds what repeats.

    The checksum covers the number of its span too, so a directory cannot turn up under another.
    """
    parts = [entries[name].tobytes() for name in ("kind", "decimals")]
    parts += [_by_bytes(entries[name]) for name in ("flags", "series", "length", "crc")]
    first = entries["first"].view("<u8")
    parts.append(_by_bytes(first))
    last = entries["last"].view("<u8")
    # counters rise and constants stand: minimum and maximum are mostly the first and the last
    lowest, highest = entries["min"].view("<u8"), entries["max"].view("<u8")
    parts += [_by_bytes(last ^ first), _by_bytes(lowest ^ first), _by_bytes(highest ^ last)]
    packed = zlib.compress(b"".join(parts), 6)
    return struct.pack("<II", len(entries), zlib.crc32(packed, span)) + packed


def unpack_directory(stored: bytes, span: int) -> Entries:
    """Read a directory back.

    Raises:
        CorruptError: The bytes are not what was written.
    """
    if len(stored) < 8:
        raise CorruptError("a directory is damaged: it is too short")
    count, crc = struct.unpack_from("<II", stored)
    if zlib.crc32(stored[8:], span) != crc:
        raise CorruptError("a directory is damaged: its checksum does not hold")
    raw = zlib.decompress(stored[8:])
    entries = np.zeros(count, ENTRY)
    offset = 0
    fields: dict[str, NDArray[np.generic]] = {}
    for name, kind in (("kind", "u1"), ("decimals", "u1"), ("flags", "<u2"), ("series", "<u4"), ("length", "<u4"),
                       ("crc", "<u4"), ("first", "<u8"), ("last", "<u8"), ("min", "<u8"), ("max", "<u8")):  # fmt: skip
        width = np.dtype(kind).itemsize
        lanes = np.frombuffer(raw, np.uint8, count * width, offset).reshape(width, count)
        fields[name] = np.ascontiguousarray(lanes.T).view(kind).reshape(count)
        offset += count * width
    for name in ("kind", "decimals", "flags", "series", "length", "crc"):
        entries[name] = fields[name]
    entries["offset"][1:] = np.cumsum(entries["length"][:-1])
    first = fields["first"].view(np.uint64)
    last = fields["last"].view(np.uint64) ^ first
    entries["first"], entries["last"] = first.view(np.float64), last.view(np.float64)
    entries["min"] = (fields["min"].view(np.uint64) ^ first).view(np.float64)
    entries["max"] = (fields["max"].view(np.uint64) ^ last).view(np.float64)
    return entries


def encode_times(timestamps_ms: IntArray) -> tuple[int, bytes]:
    """Return the constant step of timestamps and no bytes, or 0 and their bytes; one timestamp has step 1."""
    if len(timestamps_ms) == 1:
        return 1, b""
    steps = np.diff(timestamps_ms)
    if (steps == steps[0]).all():
        return int(steps[0]), b""
    return 0, bytes(standalone.simple_compress(timestamps_ms, _CONFIG))


def decode_times(first_ms: int, count: int, step_ms: int, stored: bytes) -> IntArray:
    """Return the timestamps that `encode_times` wrote, int64 `[count]`.

    Raises:
        CorruptError: The bytes are not what was written.
    """
    if step_ms:
        return np.arange(first_ms, first_ms + step_ms * count, step_ms, dtype=np.int64)
    times = np.empty(count, np.int64)
    _decompress(stored, times)
    return times


def _encode_chunk(line: FloatArray, entry: Entries) -> bytes | None:
    """Encode one series into its directory row and bytes; None where it has no sample."""
    bits = line.view(np.uint64)
    absent, stale = bits == ABSENT_BITS, bits == STALE_BITS
    flags, head = Flag(0), b""
    if absent.any() or stale.any():
        if absent.all():
            return None
        flags = (Flag.ABSENT if absent.any() else Flag(0)) | (Flag.STALE if stale.any() else Flag(0))
        codes = absent.astype(np.uint8) * _ABSENT + stale.astype(np.uint8) * _STALE
        mask = zlib.compress(codes.tobytes(), 9)
        head = _MASK_LENGTH.pack(len(mask)) + mask
        line = np.ascontiguousarray(line[codes == _PRESENT])
    kind, decimals, body = _encode_values(line)
    entry["kind"], entry["decimals"] = kind, decimals
    if len(line):
        _describe(line, entry)
        if not flags & Flag.STALE and (len(line) == 1 or bool((line[1:] >= line[:-1]).all())) and line[0] == line[0]:
            flags |= Flag.NEVER_FALLS
    entry["flags"] = flags
    return head + body


def _describe(line: FloatArray, entry: Entries) -> None:
    """Fill in first, last, min and max."""
    bits, rows = line.view(np.uint64), entry.view()
    for name, place in (("first", 0), ("last", -1)):
        rows[name] = bits[place : place + 1 or None].view(np.float64)
    clean = line[~np.isnan(line)]
    if len(clean):
        rows["min"], rows["max"] = clean.min(), clean.max()


def _encode_values(line: FloatArray) -> tuple[Kind, int, bytes]:
    bits = line.view(np.uint64)
    if not len(line) or (bits == bits[0]).all():
        return Kind.CONSTANT, 0, b""
    if not np.isfinite(line).all():
        return Kind.BITS, 0, bytes(standalone.simple_compress(bits, _CONFIG))
    scaled = decimals_of(line)
    if scaled is not None:
        decimals, integers = scaled
        return Kind.SCALED, decimals, bytes(standalone.simple_compress(integers, _CONFIG))
    stored = bytes(standalone.simple_compress(line, _CONFIG))
    back = np.empty_like(line)
    _decompress(stored, back)
    if np.array_equal(back.view(np.uint64), bits):
        return Kind.FLOAT, 0, stored
    return Kind.BITS, 0, bytes(standalone.simple_compress(bits, _CONFIG))


def decimals_of(line: FloatArray) -> tuple[int, IntArray] | None:
    """Return the fewest decimals and the integers that give back exactly these values, or None where none do."""
    probe = line[:: max(1, len(line) // _PROBE)]
    for decimals, power in enumerate(_POWERS):
        if not _is_exact(probe, power):
            continue
        if _is_exact(line, power):
            return decimals, np.rint(line * power).astype(np.int64)
    return None


def _is_exact(values: FloatArray, power: float) -> bool:
    with np.errstate(over="ignore"):
        scaled = np.rint(values * power)
    if np.abs(scaled).max() >= _EXACT:
        return False
    # through int64, as decoding goes: minus zero does not survive that, and must not pass
    back = scaled.astype(np.int64) / power
    return bool(np.array_equal(back.view(np.uint64), values.view(np.uint64)))


def _decode_values(entry: np.void, stored: bytes, out: FloatArray) -> None:
    kind = int(entry["kind"])
    if kind == Kind.CONSTANT:
        # by bits: a payload must not pass through arithmetic
        out.view(np.uint64)[:] = np.array(entry["first"]).view(np.uint64)
    elif kind == Kind.SCALED:
        integers = np.empty(len(out), np.int64)
        _decompress(stored, integers)
        np.divide(integers, _POWERS[int(entry["decimals"])], out=out)
    elif kind == Kind.FLOAT:
        _decompress(stored, out)
    elif kind == Kind.BITS:
        _decompress(stored, out.view(np.uint64))
    else:
        raise CorruptError(f"a chunk has kind {kind}, which this program does not know")


def _decompress(stored: bytes, out: NDArray[np.generic]) -> None:
    try:
        progress = standalone.simple_decompress_into(stored, out)
    except (RuntimeError, TypeError) as error:
        raise CorruptError(f"a chunk is damaged: {error}") from error
    if progress.n_processed != len(out) or not progress.finished:
        raise CorruptError(f"a chunk is damaged: {progress.n_processed} values where {len(out)} were written")


def _by_bytes(values: NDArray[np.generic]) -> bytes:
    width = values.dtype.itemsize
    lanes = np.ascontiguousarray(values).view(np.uint8).reshape(-1, width).T
    return np.ascontiguousarray(lanes).tobytes()
