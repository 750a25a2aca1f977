"""The edac collector: memory errors that the controllers corrected or could not, from /sys/devices/system/edac."""

import os
import re
from collections.abc import Iterator

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, known, number_in, text_in
from barograph.model.errors import NoDataError

_CONTROLLER = (
    counter("node_edac_correctable_errors_total", "Memory errors that were corrected."),
    counter("node_edac_uncorrectable_errors_total", "Memory errors that could not be corrected."),
)
_CSROW = (
    counter("node_edac_csrow_correctable_errors_total", "Memory errors of a row that were corrected."),
    counter("node_edac_csrow_uncorrectable_errors_total", "Memory errors of a row that could not be corrected."),
)
_CHANNEL = (
    counter("node_edac_channel_correctable_errors_total", "Memory errors of a channel that were corrected."),
    counter("node_edac_channel_uncorrectable_errors_total", "Memory errors of a channel that could not be corrected."),
)
_COUNTS = ("ce_count", "ue_count")
_NUMBERED = {kind: re.compile(rf"{kind}(\d+)") for kind in ("mc", "csrow")}
_CHANNEL_FILE = re.compile(r"ch(\d+)_(?:ce_count|ue_count|dimm_label)")


class EdacConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the edac collector: only those of every collector."""


class EdacCollector(PlainCollector):
    """Fills some ten values for each memory controller. See `model.protocols.Collector`."""

    name = "edac"

    def __init__(self, host: Host, config: EdacConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "devices/system/edac/mc"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        controllers = [(name, found[1]) for name in listed(self._folder) if (found := _NUMBERED["mc"].fullmatch(name))]
        if not controllers:
            raise NoDataError(f"{self._folder} holds no memory controller")
        return [reading for name, number in controllers for reading in self._controller(name, number)]

    def _controller(self, name: str, number: str) -> Iterator[Reading]:
        folder, labels = os.fspath(self._folder / name), {"controller": number}
        yield from _pair(folder, _COUNTS, [SeriesSpec(family, labels) for family in _CONTROLLER])
        unknown = {**labels, "csrow": "unknown"}
        yield from _pair(folder, ("ce_noinfo_count", "ue_noinfo_count"), [SeriesSpec(f, unknown) for f in _CSROW])
        for row in names_in(self._folder / name):
            found = _NUMBERED["csrow"].fullmatch(row)
            if found:
                with_row = {**labels, "csrow": found[1]}
                yield from _pair(f"{folder}/{row}", _COUNTS, [SeriesSpec(family, with_row) for family in _CSROW])
                files = names_in(self._folder / name / row)
                yield from _channels(f"{folder}/{row}", files, with_row)


def _channels(folder: str, files: list[str], labels: dict[str, str]) -> Iterator[Reading]:
    for channel in sorted({found[1] for file in files if (found := _CHANNEL_FILE.fullmatch(file))}):
        # the driver's own label is mc#0csrow#0channel#0: what people wrote over it has none of these words
        label = (text_in(folder, f"ch{channel}_dimm_label") or "").replace("#", "")
        label = label.replace("csrow", "_csrow").replace("channel", "_channel")
        with_channel = {**labels, "channel": channel, "dimm_label": label}
        names = [f"ch{channel}_{name}" for name in _COUNTS]
        yield from _pair(folder, names, [SeriesSpec(family, with_channel) for family in _CHANNEL])


def _pair(folder: str, names: list[str] | tuple[str, ...], specs: list[SeriesSpec]) -> list[Reading]:
    return known((spec, number_in(folder, name)) for spec, name in zip(specs, names, strict=True))


ENTRY = CollectorEntry(
    factory=EdacCollector,
    section=EdacConfig,
    default=True,
    summary="Memory errors, corrected and not, by controller, row and channel",
    files=("/sys/devices/system/edac/mc/mc*/*_count", "/sys/devices/system/edac/mc/mc*/csrow*/*"),
    families=(*_CONTROLLER, *_CSROW, *_CHANNEL),
)
