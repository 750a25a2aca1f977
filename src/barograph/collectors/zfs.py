"""The zfs collector: ZFS's kernel statistics, from /proc/spl/kstat/zfs."""

import os
from collections.abc import Iterator
from pathlib import Path

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, text_in
from barograph.model.batch import Family, MetricType
from barograph.model.errors import CollectError, NoDataError

_FILES = {
    "abdstats": "abd",
    "arcstats": "arc",
    "dbufstats": "dbuf",
    "dmu_tx": "dmu_tx",
    "dnodestats": "dnode",
    "fm": "fm",
    "vdev_cache_stats": "vdev_cache",
    "vdev_mirror_stats": "vdev_mirror",
    "xuio_stats": "xuio",
    "zfetchstats": "zfetch",
    "zil": "zil",
}
_INTEGERS = frozenset({"3", "4"})
"""KSTAT_DATA_INT64 and KSTAT_DATA_UINT64 of sys/kstat.h."""
_STATES = ("online", "degraded", "faulted", "offline", "removed", "unavail", "suspended")
_STATE = gauge("node_zfs_zpool_state", "kstat.zfs.misc.state")


class ZfsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the zfs collector: only those of every collector."""


class ZfsCollector(PlainCollector):
    """Fills one value for each number that ZFS counts. See `model.protocols.Collector`."""

    name = "zfs"

    def __init__(self, host: Host, config: ZfsConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.procfs / "spl/kstat/zfs"
        self._families: dict[str, Family] = {}
        self._specs: dict[tuple[str, str, str], SeriesSpec] = {}

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        names = listed(self._folder)
        readings = [reading for name in names if name in _FILES for reading in self._file(name)]
        for name in names:
            if name not in _FILES and (self._folder / name).is_dir():
                readings += self._pool(name)
        if not readings:
            raise NoDataError(f"{self._folder} holds no statistics")
        return readings

    def _file(self, name: str) -> Iterator[Reading]:
        for key, value in self._integers(self._folder, name):
            yield self._spec(f"zfs_{_FILES[name]}", key, f"kstat.zfs.misc.{name}.{key}"), value

    def _pool(self, pool: str) -> Iterator[Reading]:
        folder = self._folder / pool
        lines = (text_in(os.fspath(folder), "io") or "").split("\n")
        words = [line.split() for line in lines]
        header = next((place for place, line in enumerate(words) if line[:1] == ["nread"]), None)
        if header is not None and header + 1 < len(words):
            for key, text in zip(words[header], words[header + 1], strict=False):
                yield self._spec("zfs_zpool", key, f"kstat.zfs.misc.io.{key}", pool), _number(text, folder / "io")
        for name in names_in(folder):
            if name.startswith("objset-"):
                yield from self._dataset(folder, name)
        state = text_in(os.fspath(folder), "state")
        if state is not None:
            for word in _STATES:
                yield self._state(pool, word), float(state.lower() == word)

    def _dataset(self, folder: Path, name: str) -> Iterator[Reading]:
        text = text_in(os.fspath(folder), name) or ""
        dataset = next((line.split(None, 2)[2] for line in text.split("\n") if line.startswith("dataset_name ")), None)
        if dataset is None:
            return
        for key, value in self._integers(folder, name):
            metric = f"kstat.zfs.misc.objset.{key}"
            yield self._spec("zfs_zpool_dataset", key, metric, folder.name, dataset), value

    def _integers(self, folder: Path, name: str) -> Iterator[tuple[str, float]]:
        """Yield the integers of a file of names, types and data, behind the line that says so."""
        lines = [line.split() for line in (text_in(os.fspath(folder), name) or "").split("\n")]
        begun = False
        for line in lines:
            if line == ["name", "type", "data"]:
                begun = True
            elif begun and len(line) >= 3 and line[1] in _INTEGERS:
                yield line[0], _number(line[2], folder / name)

    def _spec(self, system: str, key: str, text: str, pool: str = "", dataset: str = "") -> SeriesSpec:
        metric = f"node_{system}_{key.replace('-', '_')}"
        found = self._specs.get((metric, pool, dataset))
        if found is None:
            family = self._families.setdefault(metric, Family(metric, MetricType.UNTYPED, text))
            labels = {"zpool": pool, "dataset": dataset}
            found = SeriesSpec(family, {label: value for label, value in labels.items() if value})
            self._specs[metric, pool, dataset] = found
        return found

    def _state(self, pool: str, state: str) -> SeriesSpec:
        return self._specs.setdefault((_STATE.name, pool, state), SeriesSpec(_STATE, {"zpool": pool, "state": state}))


def _number(text: str, path: Path) -> float:
    try:
        return float(int(text))
    except ValueError as error:
        raise CollectError(f"{path} is not as the kernel writes it: {text!r} is no integer") from error


ENTRY = CollectorEntry(
    factory=ZfsCollector,
    section=ZfsConfig,
    default=True,
    summary="ZFS: cache, transactions, pools and datasets",
    files=(
        "/proc/spl/kstat/zfs/*",
        "/proc/spl/kstat/zfs/*/io",
        "/proc/spl/kstat/zfs/*/objset-*",
        "/proc/spl/kstat/zfs/*/state",
    ),
    families=(
        *(
            Family(f"node_zfs_{part}_*", MetricType.UNTYPED, f"What {file} counts, by its name there")
            for file, part in _FILES.items()
        ),
        Family("node_zfs_zpool_*", MetricType.UNTYPED, "Of each pool"),
        Family("node_zfs_zpool_dataset_*", MetricType.UNTYPED, "Of each dataset"),
        _STATE,
    ),
)
