"""The os collector: which distribution runs here, from os-release(5)."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError

_LABELS = (
    "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id",
    "version", "version_codename", "version_id",
)  # fmt: skip
_INFO = gauge(
    "node_os_info",
    f"A metric with a constant '1' value labeled by {', '.join(_LABELS)}.",
)
_VERSION = gauge("node_os_version", "Metric containing the major.minor part of the OS version.")
_SUPPORT_END = gauge(
    "node_os_support_end_timestamp_seconds", "Metric containing the end-of-life date timestamp of the OS."
)
_FILES = ("etc/os-release", "usr/lib/os-release")
_MAJOR_MINOR = re.compile(r"\d+(\.\d+)?")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")


class OsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the os collector: only those of every collector."""


class OsCollector:
    """Fills two or three values, and reads the file again when it was written. See `model.protocols.Collector`."""

    name = "os"

    def __init__(self, host: Host, config: OsConfig) -> None:
        del config  # nothing of its own
        self._paths = [host.paths.rootfs / name for name in _FILES]
        self._frame = ReadingFrame(self.name)
        self._known: tuple[Path, int] | None = None
        self._readings: list[Reading] = []

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        for path in self._paths:
            try:
                written = path.stat().st_mtime_ns
            except OSError:
                continue
            if self._known != (path, written):
                self._readings = _readings(path)
                self._known = (path, written)
            return self._frame.batch(self._readings, timestamp_ms)
        raise NoDataError(f"neither {self._paths[0]} nor {self._paths[1]} is there")

    def close(self) -> None:
        """Nothing is kept open."""


def _readings(path: Path) -> list[Reading]:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise CollectError(f"{path} cannot be read: {error.strerror}") from error
    found: dict[str, str] = {}
    for line in text.split("\n"):
        match = _ASSIGNMENT.fullmatch(line.strip())
        if match is not None:
            found[match[1]] = _unquoted(match[2])
    labels = {name: found.get(name.upper(), "") for name in _LABELS}
    readings: list[Reading] = [(SeriesSpec(_INFO, labels), 1.0)]
    version = _MAJOR_MINOR.match(labels["version_id"])
    if version is not None:
        kept = {name: labels[name] for name in ("id", "id_like", "name")}
        readings.append((SeriesSpec(_VERSION, kept), float(version[0])))
    if found.get("SUPPORT_END"):
        readings.append((SeriesSpec(_SUPPORT_END, {}), _day_s(path, found["SUPPORT_END"])))
    return readings


def _unquoted(value: str) -> str:
    try:
        return "".join(shlex.split(value))
    except ValueError:
        return value


def _day_s(path: Path, text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise CollectError(f"{path}: SUPPORT_END is {text!r}, no date like 2026-12-31") from error


ENTRY = CollectorEntry(
    factory=OsCollector,
    section=OsConfig,
    default=True,
    summary="Which distribution runs here",
    files=("/etc/os-release", "/usr/lib/os-release"),
    families=(_INFO, _VERSION, _SUPPORT_END),
)
