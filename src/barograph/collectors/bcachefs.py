"""The bcachefs collector: counters, devices, compression and errors of bcachefs, from /sys/fs/bcachefs."""

import os
from collections.abc import Iterator

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, text_in
from barograph.model.batch import Family
from barograph.model.errors import CollectError, NoDataError

_INFO = gauge("node_bcachefs_info", "Filesystem information.")
_CACHE = gauge("node_bcachefs_btree_cache_size_bytes", "Memory of the btree cache in bytes.")
_COMPRESSED = gauge("node_bcachefs_compression_compressed_bytes", "Compressed size by algorithm.")
_UNCOMPRESSED = gauge("node_bcachefs_compression_uncompressed_bytes", "Uncompressed size by algorithm.")
_ERRORS = counter("node_bcachefs_errors_total", "Errors by type.")
_WRITES = counter("node_bcachefs_btree_writes_total", "Btree writes by type.")
_WRITE_SIZE = gauge("node_bcachefs_btree_write_average_size_bytes", "Average size of btree writes by type.")
_DEVICE = gauge("node_bcachefs_device_info", "Device information.")
_BUCKET_SIZE = gauge("node_bcachefs_device_bucket_size_bytes", "Size of a bucket in bytes.")
_BUCKETS = gauge("node_bcachefs_device_buckets", "How many buckets there are.")
_DURABILITY = gauge("node_bcachefs_device_durability", "The device's durability setting.")
_IO_DONE = counter("node_bcachefs_device_io_done_bytes_total", "Bytes of I/O by operation and type of data.")
_IO_ERRORS = counter("node_bcachefs_device_io_errors_total", "I/O errors by type.")
_UNITS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_SINCE_CREATION = "since filesystem creation:"


class BcachefsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the bcachefs collector: only those of every collector."""


class BcachefsCollector(PlainCollector):
    """Fills some two hundred values for each filesystem. See `model.protocols.Collector`."""

    name = "bcachefs"

    def __init__(self, host: Host, config: BcachefsConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "fs/bcachefs"
        self._counters: dict[str, Family] = {}

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        names = [name for name in listed(self._folder) if (self._folder / name).is_dir()]
        if not names:
            raise NoDataError(f"{self._folder} holds no filesystem")
        try:
            return [reading for name in names for reading in self._filesystem(name)]
        except (ValueError, IndexError) as error:
            raise CollectError(f"{self._folder}: a file is not as the kernel writes it: {error}") from error

    def _filesystem(self, uuid: str) -> Iterator[Reading]:
        folder = os.fspath(self._folder / uuid)
        labels = {"uuid": uuid}
        yield SeriesSpec(_INFO, labels), 1.0
        size = text_in(folder, "btree_cache_size")
        if size:
            yield SeriesSpec(_CACHE, labels), size_of(size)
        for words in _rows(folder, "compression_stats"):
            if len(words) >= 3 and words[0] not in ("typetype", "type"):
                with_algorithm = {"uuid": uuid, "algorithm": words[0]}
                yield SeriesSpec(_COMPRESSED, with_algorithm), size_of(words[1])
                yield SeriesSpec(_UNCOMPRESSED, with_algorithm), size_of(words[2])
        for words in _rows(folder, "errors"):
            if len(words) >= 2:
                yield SeriesSpec(_ERRORS, {"uuid": uuid, "error_type": words[0]}), float(int(words[1]))
        for words in _rows(folder, "btree_write_stats"):
            if len(words) >= 3 and words[0].endswith(":"):
                with_type = {"uuid": uuid, "type": words[0].rstrip(":")}
                yield SeriesSpec(_WRITES, with_type), float(int(words[1]))
                yield SeriesSpec(_WRITE_SIZE, with_type), size_of(words[2])
        yield from self._counted(folder, labels)
        for name in names_in(self._folder / uuid):
            if name.startswith("dev-"):
                yield from _device(f"{folder}/{name}", {"uuid": uuid, "device": name.removeprefix("dev-")})

    def _counted(self, folder: str, labels: dict[str, str]) -> Iterator[Reading]:
        for name in names_in(self._folder / labels["uuid"] / "counters"):
            for line in (text_in(folder, f"counters/{name}") or "").split("\n"):
                if line.startswith(_SINCE_CREATION):
                    yield SeriesSpec(self._counter(name), labels), size_of(line.removeprefix(_SINCE_CREATION).strip())

    def _counter(self, name: str) -> Family:
        found = self._counters.get(name)
        if found is None:
            text = f"Bcachefs' counter {name} since the filesystem was created."
            found = self._counters[name] = counter(f"node_bcachefs_{name}_total", text)
        return found


def _device(folder: str, labels: dict[str, str]) -> Iterator[Reading]:
    described = {"label": text_in(folder, "label") or "", "state": text_in(folder, "state") or ""}
    yield SeriesSpec(_DEVICE, {**labels, **described}), 1.0
    for family, name in ((_BUCKET_SIZE, "bucket_size"), (_BUCKETS, "nbuckets"), (_DURABILITY, "durability")):
        text = text_in(folder, name)
        if text:
            yield SeriesSpec(family, labels), size_of(text)
    operation = ""
    for line in (text_in(folder, "io_done") or "").split("\n"):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key and not value:
            operation = key
        elif operation and value:
            yield SeriesSpec(_IO_DONE, {**labels, "operation": operation, "data_type": key}), float(int(value))
    yield from _errors(text_in(folder, "io_errors") or "", labels)


def _errors(text: str, labels: dict[str, str]) -> Iterator[Reading]:
    """Yield the errors since the filesystem was created; those since a reset follow behind another heading."""
    is_creation = False
    for line in text.split("\n"):
        if line.startswith("IO errors since"):
            is_creation = line.strip().endswith("filesystem creation")
        elif is_creation and ":" in line:
            kind, _, value = line.partition(":")
            yield SeriesSpec(_IO_ERRORS, {**labels, "type": kind.strip()}), float(int(value))


def _rows(folder: str, name: str) -> list[list[str]]:
    return [line.split() for line in (text_in(folder, name) or "").split("\n")]


def size_of(text: str) -> float:
    """Return a size as bcachefs writes it for people (`2.05G`), in whole bytes.

    Raises:
        ValueError: It is none.
    """
    power = _UNITS.get(text[-1:])
    if power is None:
        return float(int(float(text))) if "." in text else float(int(text))
    return float(int(float(text[:-1]) * 1024**power))


ENTRY = CollectorEntry(
    factory=BcachefsCollector,
    section=BcachefsConfig,
    default=True,
    summary="bcachefs: counters, devices, compression, errors",
    files=("/sys/fs/bcachefs/*/*", "/sys/fs/bcachefs/*/counters/*", "/sys/fs/bcachefs/*/dev-*/*"),
    families=(
        _INFO,
        _CACHE,
        _COMPRESSED,
        _UNCOMPRESSED,
        _ERRORS,
        _WRITES,
        _WRITE_SIZE,
        _DEVICE,
        _BUCKET_SIZE,
        _BUCKETS,
        _DURABILITY,
        _IO_DONE,
        _IO_ERRORS,
        counter("node_bcachefs_*_total", "The counters of /sys/fs/bcachefs/*/counters, by name."),
    ),
)
