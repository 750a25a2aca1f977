"""The textfile collector: metrics that others write into *.prom files, as node_exporter takes them.

A file that cannot be used costs its own metrics only, and raises node_textfile_scrape_error.
"""

import logging
import os
from glob import glob
from pathlib import Path

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading
from barograph.formats.exposition import Exposition, parse_exposition
from barograph.model.batch import Family, MetricType
from barograph.model.errors import FormatError
from barograph.model.labels import METRIC_NAME, Labels

_log = logging.getLogger(__name__)
_MTIME = gauge("node_textfile_mtime_seconds", "Unix time at which a file that was read was written.")
_ERROR = SeriesSpec(gauge("node_textfile_scrape_error", "Whether a file could not be read or used."), {})
_LARGEST_BYTES = 16 << 20
_SUFFIXES = {MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"), MetricType.SUMMARY: ("_sum", "_count")}


class TextfileConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the textfile collector.

    Attributes:
        directory: Folders whose files *.prom are read; globs are understood.
    """

    directory: tuple[str, ...] = ()


class _RefusedError(Exception):
    """A file that is not used; the message says why."""


class TextfileCollector(PlainCollector):
    """Fills what the files hold. See `model.protocols.Collector`."""

    name = "textfile"

    def __init__(self, host: Host, config: TextfileConfig) -> None:
        del host  # its folders are named in full
        super().__init__()
        self._directories = config.directory
        self._parsed: dict[str, tuple[tuple[int, int, int], Exposition | str]] = {}
        self._said: set[str] = set()

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings: list[Reading] = []
        failed = False
        taken = _Taken()
        seen: set[str] = set()
        for path in self._files():
            if path is None:
                failed = True
                continue
            seen.add(path)
            try:
                stamp_s, exposition = self._parse(path)
                readings += taken.take(exposition, path)
            except (OSError, _RefusedError) as error:
                failed = True
                self._say(path, error)
                continue
            readings.append((SeriesSpec(_MTIME, {"file": path}), stamp_s))
        self._parsed = {path: parsed for path, parsed in self._parsed.items() if path in seen}
        return [*readings, (_ERROR, float(failed))]

    def _files(self) -> list[str | None]:
        """Return the files, sorted by folder and name; None for a folder that cannot be read."""
        found: list[str | None] = []
        for pattern in self._directories:
            for folder in sorted(glob(pattern)) or [pattern]:  # noqa: PTH207  a pattern, relative or not
                try:
                    names = sorted(os.listdir(folder))  # noqa: PTH208  hot path
                except OSError as error:
                    self._say(folder, error)
                    found.append(None)
                    continue
                found += [str(Path(folder, name)) for name in names if name.endswith(".prom")]
        return found

    def _parse(self, path: str) -> tuple[float, Exposition]:
        """Return when a file was written, and what it holds; parsed again only when it changed."""
        status = os.stat(path)  # noqa: PTH116  hot path
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._parsed.get(path)
        if known is None or known[0] != stamp:
            known = self._parsed[path] = (stamp, _read(path, status.st_size))
        if isinstance(known[1], str):
            raise _RefusedError(known[1])
        return status.st_mtime_ns / 1e9, known[1]

    def _say(self, path: str, error: Exception) -> None:
        """Log a failure once, until it is another."""
        text = f"{path}: {error}"
        if text not in self._said:
            self._said.add(text)
            _log.warning("textfile: %s is left out: %s", path, error)


def _read(path: str, size: int) -> Exposition | str:
    """Return what a file holds, or why it cannot be used."""
    if size > _LARGEST_BYTES:
        return f"{size} bytes are too many: {_LARGEST_BYTES} are read"
    try:
        exposition = parse_exposition(Path(path).read_bytes())
    except FormatError as error:
        return str(error)
    if any(sample.timestamp_ms is not None for sample in exposition.samples):
        return "it has timestamps of its own, which node_exporter refuses too: leave them out"
    return exposition


class _Taken:
    """What was taken from the files so far: a family has one type and help, a series one value."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}
        self._series: set[Labels] = set()

    def take(self, exposition: Exposition, path: str) -> list[Reading]:
        """Return a file's readings.

        Raises:
            _RefusedError: It contradicts a file before it.
        """
        families = {name: self._agreed(family, path) for name, family in exposition.families.items()}
        readings: list[Reading] = []
        fresh: set[Labels] = set()
        for sample in exposition.samples:
            if sample.labels in self._series or sample.labels in fresh:
                raise _RefusedError(f"{sample.labels} stands in another file, or twice")
            fresh.add(sample.labels)
            name = sample.labels.name
            family = families.get(name) or _family_of_part(name, families, path)
            labels = {key: value for key, value in sample.labels.pairs if key != METRIC_NAME}
            readings.append((SeriesSpec(_part(family, name), labels), sample.value))
        self._series |= fresh
        self._families |= families
        return readings

    def _agreed(self, family: Family, path: str) -> Family:
        known = self._families.get(family.name)
        if known is None:
            return family if family.help else Family(family.name, family.type, f"Metric read from {path}")
        if family.type is not known.type:
            raise _RefusedError(f"{family.name} is a {family.type.value} here and a {known.type.value} in another file")
        if family.help and not known.help.startswith("Metric read from ") and family.help != known.help:
            raise _RefusedError(f"{family.name} has another help here than in another file")
        return known


def _family_of_part(name: str, families: dict[str, Family], path: str) -> Family:
    """Return the histogram or summary that a sample `_bucket`, `_sum` or `_count` is a part of."""
    for suffix in ("_bucket", "_sum", "_count"):
        family = families.get(name.removesuffix(suffix))
        if family is not None and suffix in _SUFFIXES.get(family.type, ()):
            return family
    return Family(name, MetricType.UNTYPED, f"Metric read from {path}")


def _part(family: Family, name: str) -> Family:
    """Return the family that names a sample: the parts of a histogram are series of their own names."""
    return family if family.name == name else Family(name, family.type, family.help)


ENTRY = CollectorEntry(
    factory=TextfileCollector,
    section=TextfileConfig,
    default=True,
    summary="Metrics that others write into files",
    files=("*.prom in the folders that are configured",),
    families=(_MTIME, _ERROR.family, Family("*", MetricType.UNTYPED, "What the files hold")),
)
