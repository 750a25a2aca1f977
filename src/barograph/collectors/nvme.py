"""The nvme collector: NVMe controllers and their namespaces, from /sys/class/nvme."""

import os
import re
from collections.abc import Iterator

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, number_in, text_in
from barograph.model.errors import NoDataError

_INFO = gauge("node_nvme_info", "What is no number of an NVMe controller; the value is always 1.")
_NAMESPACE = gauge("node_nvme_namespace_info", "What is no number of a namespace; the value is always 1")
_CAPACITY = gauge("node_nvme_namespace_capacity_bytes", "Capacity of a namespace: its size in blocks times a block")
_SIZE = gauge("node_nvme_namespace_size_bytes", "Size of a namespace")
_USED = gauge("node_nvme_namespace_used_bytes", "Space of a namespace that is in use")
_BLOCK = gauge("node_nvme_namespace_logical_block_size_bytes", "Size of a logical block of a namespace")
# a namespace by itself, or over one of several controllers
_NAME = re.compile(r"nvme\d+(?:c\d+)?n(\d+)")


class NvmeConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the nvme collector: only those of every collector."""


class NvmeCollector(PlainCollector):
    """Fills one value for each controller, five for each namespace. See `model.protocols.Collector`."""

    name = "nvme"

    def __init__(self, host: Host, config: NvmeConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "class/nvme"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        devices = [name for name in listed(self._folder) if (self._folder / name).is_dir()]
        if not devices:
            raise NoDataError(f"{self._folder} holds no device")
        return [reading for name in devices for reading in self._device(name)]

    def _device(self, device: str) -> Iterator[Reading]:
        folder = os.fspath(self._folder / device)
        labels = {
            "device": device,
            "firmware_revision": text_in(folder, "firmware_rev") or "",
            "model": text_in(folder, "model") or "",
            "serial": text_in(folder, "serial") or "",
            "state": text_in(folder, "state") or "",
            "cntlid": text_in(folder, "cntlid") or "",
        }
        yield SeriesSpec(_INFO, labels), 1.0
        for name in names_in(self._folder / device):
            found = _NAME.fullmatch(name)
            if found:
                yield from _namespace(f"{folder}/{name}", {"device": device, "nsid": found[1]})


def _namespace(folder: str, labels: dict[str, str]) -> Iterator[Reading]:
    block, size, used = (number_in(folder, name) for name in ("queue/logical_block_size", "size", "nuse"))
    yield SeriesSpec(_NAMESPACE, {**labels, "ana_state": text_in(folder, "ana_state") or "unknown"}), 1.0
    if block is None:
        return
    yield SeriesSpec(_BLOCK, labels), block
    if size is not None:
        yield SeriesSpec(_CAPACITY, labels), size * block
        yield SeriesSpec(_SIZE, labels), size * block
    if used is not None:
        yield SeriesSpec(_USED, labels), used * block


ENTRY = CollectorEntry(
    factory=NvmeCollector,
    section=NvmeConfig,
    default=True,
    summary="NVMe: controllers and namespaces",
    files=("/sys/class/nvme/*/*", "/sys/class/nvme/*/nvme*n*/*"),
    families=(_INFO, _NAMESPACE, _CAPACITY, _SIZE, _USED, _BLOCK),
)
