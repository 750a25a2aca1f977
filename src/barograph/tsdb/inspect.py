"""What a data folder holds: files, series, bytes a sample by metric, cardinality and churn. For `store inspect`.

It reads directories and labels, no samples, and works beside a running store; labels of two files at most are in
memory at a time.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import numpy as np

from barograph.model.errors import CorruptError, FolderError
from barograph.model.labels import Labels
from barograph.model.sample import IntArray
from barograph.tsdb import blocks, filenames, log, sqlite
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.filenames import BlockName


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One file. `samples` are sample places (or a tier's bucket values); all are 0 for a file that is no block file."""

    name: str
    retention_class: str = ""
    tier: str = ""
    period: str = ""
    size_bytes: int
    spans: int = 0
    series: int = 0
    samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyReport:
    """The series of one metric name: sample places, and the bytes their chunks take."""

    name: str
    samples: int
    chunk_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnReport:
    """A day's series: how many, how many the day before had not, and how many of that day's are gone."""

    period: str
    series: int
    appeared: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingReport:
    """The ring: the newest tick, how many of its ticks are in no block file yet, and its sources' series."""

    last_tick: int
    unfolded_ticks: int
    series: int


@dataclass(slots=True, kw_only=True)
class StoreReport:
    """All of it.

    Attributes:
        size_bytes: Every file of the folder.
        samples: Sample places in block files, tiers not counted.
        files: Every file, block files oldest first.
        families: By chunk bytes, the largest first.
        metrics: Series by metric name in the newest two days, the most first.
        labels: Values by label name, likewise.
        pairs: Series by `name=value`, likewise.
        churn: A report for each day of the default class but the first.
        ring: What is not in block files.
        unreadable: Files that could not be read, and why.
    """

    size_bytes: int = 0
    samples: int = 0
    files: list[FileReport] = field(default_factory=list)
    families: list[FamilyReport] = field(default_factory=list)
    metrics: list[tuple[str, int]] = field(default_factory=list)
    labels: list[tuple[str, int]] = field(default_factory=list)
    pairs: list[tuple[str, int]] = field(default_factory=list)
    churn: list[ChurnReport] = field(default_factory=list)
    ring: RingReport | None = None
    unreadable: list[str] = field(default_factory=list)

    @property
    def bytes_per_sample(self) -> float:
        """Bytes of the whole folder for each sample place; 0 where there is none."""
        return self.size_bytes / self.samples if self.samples else 0.0


def inspect(folder: Path, most: int = 10) -> StoreReport:
    """Look through a data folder.

    Args:
        folder: Its server may run.
        most: How many families, names and pairs to name.

    Raises:
        FolderError: There is no store.
    """
    names = filenames.block_names(folder)
    if not names and not (folder / filenames.LIVE).exists():
        raise FolderError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")
    report = StoreReport()
    usage = _Usage()
    newest = before = frozenset[Labels]()
    for name in names:
        path = folder / name.file_name
        try:
            found = _inspect_blocks(path, name, usage)
        except (apsw.Error, CorruptError, OSError, *sqlite.UNREADABLE) as error:
            report.unreadable.append(f"{path.name}: {error}")
            continue
        report.files.append(found.report)
        report.samples += 0 if name.tier else found.report.samples
        if not name.tier and not name.retention_class:
            if newest:
                report.churn.append(_churn(name.period, newest, found.labels))
            before, newest = newest, found.labels
    _add_ring(folder, report)
    _add_others(folder, report)
    report.size_bytes = sum(file.size_bytes for file in report.files)
    report.families = usage.families(most)
    report.metrics, report.labels, report.pairs = _cardinality(newest | before, most)
    return report


@dataclass(frozen=True, slots=True)
class _Found:
    report: FileReport
    labels: frozenset[Labels]


class _Usage:
    """Sample places and chunk bytes by metric name."""

    def __init__(self) -> None:
        self._samples: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def add(self, names: Sequence[str], places: IntArray, chunk_bytes: IntArray) -> None:
        for name, samples, size in zip(names, places.tolist(), chunk_bytes.tolist(), strict=True):
            self._samples[name] += samples
            self._bytes[name] += size

    def families(self, most: int) -> list[FamilyReport]:
        return [
            FamilyReport(name=name, samples=self._samples[name], chunk_bytes=size)
            for name, size in self._bytes.most_common(most)
        ]


def _inspect_blocks(path: Path, name: BlockName, usage: _Usage) -> _Found:
    connection = sqlite.open_reading(path)
    try:
        if sqlite.check_format(connection, path, blocks.FORMAT) == 0:
            return _Found(FileReport(name=path.name, period=name.period, size_bytes=_size(path)), frozenset())
        with connection:
            infos: dict[int, SeriesInfo] = {}
            for first, some in blocks.read_series(connection):
                infos.update(enumerate(some, first))
            count = max(infos, default=-1) + 1
            places, sizes = np.zeros(count, np.int64), np.zeros(count, np.int64)
            spans, _ = blocks.read_spans(connection)
            for span in spans:
                for _, entries in blocks.read_directories(connection, span.span):
                    if entries is not None:
                        known = entries[entries["series"] < count]
                        np.add.at(places, known["series"], span.samples)
                        np.add.at(sizes, known["series"], known["length"])
    finally:
        connection.close(True)
    # a file may name series that have no sample in it
    numbers = np.array(sorted(number for number in infos if places[number]), np.intp)
    if not name.tier:
        usage.add([infos[int(n)].labels.name for n in numbers], places[numbers], sizes[numbers])
    report = FileReport(
        name=path.name,
        retention_class=name.retention_class,
        tier=name.tier,
        period=name.period,
        size_bytes=_size(path),
        spans=len(spans),
        series=len(numbers),
        samples=int(places.sum()),
    )
    return _Found(report, frozenset(infos[int(number)].labels for number in numbers))


def _add_ring(folder: Path, report: StoreReport) -> None:
    path = folder / filenames.LIVE
    if not path.exists():
        return
    try:
        connection = sqlite.open_reading(path)
        try:
            if sqlite.check_format(connection, path, log.FORMAT) == 0:
                return
            with connection:
                folded = log.read_meta(connection)["folded_tick"]
                layouts, _ = log.read_layouts(connection)
                ticks = [each.tick for each in log.read_ticks(connection, folded) if not isinstance(each, CorruptError)]
        finally:
            connection.close(True)
    except (apsw.Error, KeyError, *sqlite.UNREADABLE) as error:
        report.unreadable.append(f"{path.name}: {error}")
        return
    series = len({info.labels for layout in layouts.values() for info in layout.columns})
    report.ring = RingReport(last_tick=max(ticks, default=folded), unfolded_ticks=len(ticks), series=series)


def _add_others(folder: Path, report: StoreReport) -> None:
    known = {file.name for file in report.files}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in known and not path.name.endswith(("-wal", "-shm")):
            report.files.append(FileReport(name=path.name, size_bytes=_size(path)))


def _churn(period: str, before: frozenset[Labels], now: frozenset[Labels]) -> ChurnReport:
    return ChurnReport(period=period, series=len(now), appeared=len(now - before), ended=len(before - now))


def _cardinality(
    series: Iterable[Labels], most: int
) -> tuple[list[tuple[str, int]], list[tuple[str, int]], list[tuple[str, int]]]:
    metrics: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for labels in series:
        metrics[labels.name] += 1
        pairs.update(pair for pair in labels if pair[0] != "__name__")
    names = Counter(name for name, _ in pairs)
    named = [(f"{name}={value}", count) for (name, value), count in pairs.most_common(most)]
    return metrics.most_common(most), names.most_common(most), named


def _size(path: Path) -> int:
    """Return the bytes of a database and its write-ahead log."""
    total = 0
    for each in (path, path.with_name(path.name + "-wal")):
        try:
            total += each.stat().st_size
        except FileNotFoundError:
            continue
    return total
