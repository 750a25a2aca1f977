"""Reading every byte of a data folder that a checksum covers, and comparing what it says with what it holds.

For `store verify`, snapshots and restores. It reads only, works beside a running store, and holds one file's
directories in memory at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np

from barograph.model.errors import CorruptError, VersionError
from barograph.model.sample import FloatArray, is_absent, is_stale
from barograph.tsdb import blocks, filenames, log, sqlite, tombstones
from barograph.tsdb.blocks import Span
from barograph.tsdb.chunk import Entries, Flag, Kind, decode_chunk

STATE = "state.db"
"""Not the store's own, but in its folder: its pages are checked."""
_SAMPLED = (Kind.CONSTANT, Kind.SCALED, Kind.FLOAT, Kind.BITS)
_DATABASE_ERRORS = (apsw.Error, VersionError, *sqlite.UNREADABLE, KeyError)


class Finding(NamedTuple):
    """Something that is damaged.

    Attributes:
        file: Its name in the folder.
        place: What of it, in words.
        lost: What cannot be answered any more.
    """

    file: str
    place: str
    lost: str


class Checked(NamedTuple):
    """A file that was read to its end.

    Attributes:
        file: Its name.
        size_bytes: How large it is.
        checksums: How many checksums were compared.
        findings: What is damaged in it.
    """

    file: str
    size_bytes: int
    checksums: int
    findings: tuple[Finding, ...]


def files_of(folder: Path) -> list[Path]:
    """Return the databases of a data folder, in the order in which they are checked."""
    names = [filenames.LIVE, filenames.TOMBSTONES, STATE, *(name.file_name for name in filenames.block_names(folder))]
    return [folder / name for name in names if (folder / name).exists()]


def verify(folder: Path) -> Iterator[Checked]:
    """Check every database of a folder; yields each when it is done. A file that vanishes meanwhile is left out."""
    for path in files_of(folder):
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError:
            continue
        check = _Check(path)
        check.run()
        if path.exists():
            yield Checked(path.name, size_bytes, check.checksums, tuple(check.findings))


class _Check:
    """The check of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checksums = 0
        self.findings: list[Finding] = []

    def run(self) -> None:
        try:
            connection = sqlite.open_reading(self.path)
        except apsw.Error as error:
            self.find("the file", f"all of it: {error}")
            return
        try:
            self._structure(connection)
            if self.path.name == filenames.LIVE:
                self._ring(connection)
            elif self.path.name == filenames.TOMBSTONES:
                self._tombstones()
            elif self.path.name != STATE:
                self._blocks(connection)
        except _DATABASE_ERRORS as error:
            self.find("the database", f"what lies behind it: {error}")
        finally:
            connection.close(True)

    def find(self, place: str, lost: str) -> None:
        self.findings.append(Finding(self.path.name, place, lost))

    def _structure(self, connection: apsw.Connection) -> None:
        for (said,) in connection.execute("PRAGMA integrity_check"):
            self.checksums += 1
            if said != "ok":
                self.find("SQLite's pages", str(said))

    def _ring(self, connection: apsw.Connection) -> None:
        if sqlite.check_format(connection, self.path, log.FORMAT) == 0:
            return
        with connection:
            folded = log.read_meta(connection)["folded_tick"]
            layouts, damaged = log.read_layouts(connection)
            self.checksums += len(layouts) + damaged
            if damaged:
                self.find("layouts of the ring", f"{damaged} runs of series: what the ring holds of them")
            for found in log.read_ticks(connection, folded):
                self.checksums += 1
                if isinstance(found, CorruptError):
                    self.find("the ring", str(found))

    def _tombstones(self) -> None:
        found, damaged = tombstones.read_tombstones(self.path.parent)
        self.checksums += len(found) + damaged
        if damaged:
            self.find("tombstones", f"{damaged}: what they deleted is shown again")

    def _blocks(self, connection: apsw.Connection) -> None:
        if sqlite.check_format(connection, self.path, blocks.FORMAT) == 0:
            return
        # one reading transaction: a merge must not take a span away between its directory and its bytes
        with connection:
            _, series = blocks.read_tally(connection)
            named = sum(len(infos) for _, infos in blocks.read_series(connection))
            spans, missing = blocks.read_spans(connection)
            self.checksums += 2 + len(spans)
            if named < series:
                self.find("series", f"the labels of {series - named} series, and with them their samples")
            if missing:
                self.find("spans", f"{missing} of {len(spans) + missing} runs of timestamps")
            for span in spans:
                self._span(connection, span)

    def _span(self, connection: apsw.Connection, span: Span) -> None:
        place = f"span {span.span} of {span.source}"
        try:
            times = span.timestamps()
        except sqlite.UNREADABLE as error:
            self.find(place, f"its timestamps: {error}")
            return
        if len(times) != span.samples or not (np.diff(times) > 0).all():
            self.find(place, "its timestamps are in no order")
        found = 0
        for block, entries in blocks.read_directories(connection, span.span):
            found += 1
            self.checksums += 1
            if entries is None:
                self.find(f"{place}, block {block}", "the directory of up to 64 series")
                continue
            payload = blocks.read_payload(connection, block)
            if payload is None:
                self.find(f"{place}, block {block}", "the samples of up to 64 series")
            else:
                self._chunks(f"{place}, block {block}", span, entries, payload)
        if found < span.blocks:
            self.find(place, f"{span.blocks - found} of {span.blocks} blocks")

    def _chunks(self, place: str, span: Span, entries: Entries, payload: bytes) -> None:
        values = np.empty(span.samples)
        for entry in entries:
            if int(entry["kind"]) not in _SAMPLED:
                continue  # it repeats another chunk, which is checked itself
            self.checksums += 1
            try:
                decode_chunk(entry, payload, values)
            except sqlite.UNREADABLE as error:
                self.find(f"{place}, series {entry['series']}", str(error))
                continue
            if not _agrees(entry, values):
                self.find(f"{place}, series {entry['series']}", "its samples are not those that its directory tells of")


def _agrees(entry: np.void, values: FloatArray) -> bool:
    """Tell whether a directory row says of its chunk what is so."""
    flags = Flag(int(entry["flags"]))
    absent, stale = is_absent(values), is_stale(values)
    if bool(absent.any()) != bool(flags & Flag.ABSENT) or bool(stale.any()) != bool(flags & Flag.STALE):
        return False
    samples = values[~absent & ~stale]
    if not len(samples):
        return True
    numbers = samples[~np.isnan(samples)]
    ends = _same(samples[0], entry["first"]) and _same(samples[-1], entry["last"])
    if not ends or not len(numbers):
        return ends
    return bool(numbers.min() == entry["min"]) and bool(numbers.max() == entry["max"])


def _same(value: np.float64, told: np.float64) -> bool:
    return bool(value.view(np.uint64) == np.float64(told).view(np.uint64))
