"""The files that `store import` reads: what format they are, and their text whatever they are compressed with."""

import gzip
import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import cramjam

from barograph.cli.failure import CommandError
from barograph.formats.text_parts import CSV, FORMATS, JSON_LINES, OPENMETRICS

_COMPRESSED = (".gz", ".zst")
_BY_ENDING = {
    ".csv": CSV,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".om": OPENMETRICS,
    ".openmetrics": OPENMETRICS,
    ".prom": OPENMETRICS,
}
_SKIP_BYTES = 1 << 20


def format_of(path: Path, given: str | None) -> str:
    """Return the format of a file: the one that is given, else what its name says.

    Raises:
        CommandError: Neither says it.
    """
    if given is not None:
        if given not in FORMATS:
            raise CommandError(f"--format {given}: one of {', '.join(FORMATS)} is expected", 2)
        return given
    plain = path.with_suffix("") if path.suffix in _COMPRESSED else path
    found = _BY_ENDING.get(plain.suffix)
    if found is None:
        raise CommandError(f"what format is {path}? Say it with --format: one of {', '.join(FORMATS)}", 2)
    return found


@contextmanager
def open_text(path: Path, offset: int) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file at an offset of its text; yields the text, and the file as it is, whose position is the progress.

    Raises:
        CommandError: It is damaged or ends before the offset.
    """
    with path.open("rb") as file:
        try:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=file) as text:
                    _skip(text, offset, path)
                    yield text, file  # type: ignore[misc]  # a GzipFile reads like any binary file
            elif path.suffix == ".zst":
                with tempfile.TemporaryFile() as text:
                    _expand_zstd(file, text)
                    _skip(text, offset, path)
                    yield text, text
            else:
                _skip(file, offset, path)
                yield file, file
        except (EOFError, gzip.BadGzipFile, cramjam.DecompressionError) as error:
            raise CommandError(f"{path} is damaged: {error}") from error


def _expand_zstd(file: BinaryIO, text: BinaryIO) -> None:
    """Write the text into a file without a name: the library undoes whole files only, and not all fit into memory."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as packed:
        into = cramjam.File(f"/proc/self/fd/{text.fileno()}", read=True, write=True, truncate=True)
        cramjam.zstd.decompress_into(packed, into)
    text.seek(0)


def _skip(text: "BinaryIO | gzip.GzipFile", offset: int, path: Path) -> None:
    left = offset
    while left:
        data = text.read(min(left, _SKIP_BYTES))
        if not data:
            raise CommandError(f"{path} is shorter than it was: begin anew with --from-start")
        left -= len(data)
