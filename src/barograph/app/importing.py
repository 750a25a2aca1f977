"""From the text of an import to spans: what the offline command and the keeper's worker both do. Opens no store.

The worker (`app/import_worker.py`) does it in a process of its own, so that no tick ever waits for a parser.
"""

import mmap
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import cramjam
import msgspec

from barograph.formats.bulk_read import BulkReader, LineFormat, ReadOptions
from barograph.formats.csv_text import CsvLines, DescribedCsvLines
from barograph.formats.json_lines import JsonLines
from barograph.formats.openmetrics import OpenMetricsLines
from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS
from barograph.model.columns import SampleColumns
from barograph.model.errors import FormatError
from barograph.tsdb.config import StoreConfig

ENCODINGS = ("identity", "gzip", "zstd", "snappy")
_READ_BYTES = 1 << 20
_PENDING_SAMPLES = 1 << 20
_SNAPPY_FRAMES = b"\xff\x06\x00\x00sNaPpY"


class ImportText(msgspec.Struct, frozen=True, kw_only=True):
    """What a text is.

    Attributes:
        format: `openmetrics`, `csv` or `jsonl`.
        newest_ms: The newest timestamp that is taken.
        csv_format: The description of a CSV's columns; "" where it has a header.
        skip_bad: Leave out lines that are refused.
        default_ms: The timestamp of samples without one; None refuses them.
        kept_from_ms: Samples from before this instant are taken, but retention drops them soon.
    """

    format: str
    newest_ms: int
    kept_from_ms: int = 0
    csv_format: str = ""
    skip_bad: bool = False
    default_ms: int | None = None


class ImportCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a text: samples read, lines left out, and what is to be said of both."""

    samples: int
    skipped: int = 0
    notes: tuple[str, ...] = ()


def reader_of(text: ImportText) -> BulkReader:
    """Return the reader of a text.

    Raises:
        FormatError: The description of its columns is none.
    """
    options = ReadOptions(skip_bad=text.skip_bad, default_ms=text.default_ms, newest_ms=text.newest_ms)
    return BulkReader(_lines_of(text, options), options)


def read_columns(reader: BulkReader, file: BinaryIO) -> Iterator[SampleColumns]:
    """Read a text to its end; yield its samples about a million at a time, or those of so many series.

    Raises:
        LineError: A line is refused.
    """
    while data := file.read(_READ_BYTES):
        reader.feed(data)
        if reader.pending >= _PENDING_SAMPLES or (reader.pending and reader.has_many_series):
            yield reader.take()
    reader.finish()
    if reader.pending:
        yield reader.take()


def counts_of(reader: BulkReader, text: ImportText, samples: int) -> ImportCounts:
    """Return what came of a text that was read to its end."""
    notes = list(reader.notes)
    if reader.oldest_ms is not None and reader.oldest_ms < text.kept_from_ms:
        notes.append(
            "some samples are older than store.retention keeps any: they go when retention next looks; to keep them, "
            "raise it (or store.retention_for) and import again"
        )
    return ImportCounts(samples=samples, skipped=reader.skipped, notes=tuple(notes))


def kept_from_ms(config: StoreConfig, now_ms: int) -> int:
    """Return the oldest instant that any series may be kept from."""
    return now_ms - max(config.retention.ms, *(each.ms for each in config.retention_for.values()), 0)


def expand(source: Path, encoding: str, target: Path, most_bytes: int) -> None:
    """Undo a compression, from file to file; nothing but the compressed text is in memory, whatever it claims to be.

    Raises:
        FormatError: It is not what it claims to be, or more than `most_bytes`.
    """
    packed = source.read_bytes()
    if encoding == "snappy" and not packed.startswith(_SNAPPY_FRAMES):
        _expand_snappy(packed, target, most_bytes)
        return
    codec = {"gzip": cramjam.gzip, "zstd": cramjam.zstd, "snappy": cramjam.snappy}[encoding]
    target.touch(mode=0o600)
    file = cramjam.File(str(target), read=True, write=True, truncate=True)
    try:
        with _file_size_limit(most_bytes):
            codec.decompress_into(packed, file)
    except (cramjam.DecompressionError, OSError) as error:
        if target.stat().st_size >= most_bytes:
            raise too_large(most_bytes) from error
        raise FormatError(f"the body is no {encoding}: {error}") from error


def too_large(most_bytes: int) -> FormatError:
    """Return the refusal of a body that is too large once it is decompressed."""
    return FormatError(f"the body is larger than {most_bytes} bytes decompressed; web.max_import_text raises that")


@contextmanager
def _file_size_limit(most_bytes: int) -> Iterator[None]:
    """Let no file that this process writes meanwhile grow larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _expand_snappy(packed: bytes, target: Path, most_bytes: int) -> None:
    """Undo snappy without frames, which says at its beginning how long it is."""
    try:
        size_bytes = cramjam.snappy.decompress_raw_len(packed)
        if size_bytes > min(most_bytes, 64 * len(packed)):  # no snappy is smaller than a sixtieth
            raise too_large(most_bytes)
        _unpack_snappy(packed, target, size_bytes)
    except cramjam.DecompressionError as error:
        raise FormatError(f"the body is no snappy: {error}") from error


def _unpack_snappy(packed: bytes, target: Path, size_bytes: int) -> None:
    """Write the text straight into pages of its file, which the kernel may take back; this process holds none of it."""
    with target.open("wb+") as file:
        file.truncate(size_bytes)
        if size_bytes == 0:
            cramjam.snappy.decompress_raw(packed)  # says whether it is snappy at all
            return
        with mmap.mmap(file.fileno(), size_bytes) as pages:
            cramjam.snappy.decompress_raw_into(packed, pages)


def _lines_of(text: ImportText, options: ReadOptions) -> LineFormat:
    if text.format == OPENMETRICS:
        return OpenMetricsLines(options)
    if text.format == JSON_LINES:
        return JsonLines()
    assert text.format == CSV
    if not text.csv_format:
        return CsvLines()
    try:
        return DescribedCsvLines(text.csv_format, text.default_ms)
    except ValueError as error:
        raise FormatError(str(error)) from error
