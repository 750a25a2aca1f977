"""The import worker: parses and encodes bodies of imports for the keeper, in its own process, so that no tick waits.

The keeper starts it as `python -m barograph.app.import_worker` and speaks JSON lines with it: an `ImportJob` on
standard input, an `ImportOutcome` on standard output. It touches only the folder it is given, and ends with the keeper.
"""

import os
import queue
import sys
import threading
from pathlib import Path

import msgspec

from barograph.app.importing import ImportCounts, ImportText, counts_of, expand, read_columns, reader_of, too_large
from barograph.model.errors import BarographError, FormatError
from barograph.tsdb.bulk import encode_samples
from barograph.tsdb.load import write_apart

_NICENESS = 10


class ImportJob(msgspec.Struct, frozen=True, kw_only=True):
    """A body to turn into block files.

    Attributes:
        text: What its text is.
        body: Its file.
        encoding: How that is compressed: one of `importing.ENCODINGS`.
        folder: Where the block files go, empty.
        most_bytes: The longest text.
        span_samples: The most timestamps of a span.
    """

    text: ImportText
    body: str
    encoding: str
    folder: str
    most_bytes: int
    span_samples: int


class ImportOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job; `error` says why nothing did, `is_senders` whether the sender is to blame."""

    counts: ImportCounts = ImportCounts(samples=0)
    error: str = ""
    is_senders: bool = False


def carry_out(job: ImportJob) -> ImportOutcome:
    """Do a job. Whatever goes wrong is in the outcome."""
    try:
        return ImportOutcome(counts=_encode(job))
    except FormatError as error:
        return ImportOutcome(error=str(error), is_senders=True)
    except (BarographError, OSError, MemoryError) as error:
        return ImportOutcome(error=str(error) or type(error).__name__)


def _encode(job: ImportJob) -> ImportCounts:
    folder, path = Path(job.folder), Path(job.body)
    if job.encoding != "identity":
        text = folder / "text"
        expand(path, job.encoding, text, job.most_bytes)
        path = text
    elif path.stat().st_size > job.most_bytes:
        raise too_large(job.most_bytes)
    reader = reader_of(job.text)
    samples = 0
    with path.open("rb") as file:
        for number, columns in enumerate(read_columns(reader, file)):
            # a folder each: to go on with a file is to read all of its series again
            part = folder / f"{number:06}"
            part.mkdir()
            write_apart(part, encode_samples(columns, job.span_samples))
            samples += len(columns)
    return counts_of(reader, job.text, samples)


def main() -> None:
    """Take jobs until standard input ends; then at once, whatever is under way."""
    os.nice(_NICENESS)
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            jobs.put(line)
        os._exit(0)  # the keeper is gone, or wants nothing more: half a job is worth nothing

    threading.Thread(target=listen, name="jobs", daemon=True).start()
    while True:
        outcome = carry_out(msgspec.json.decode(jobs.get(), type=ImportJob))
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
