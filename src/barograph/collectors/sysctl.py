"""The sysctl collector: kernel settings that the configuration names, from /proc/sys."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, text_in
from barograph.model.batch import Family, MetricType
from barograph.model.errors import CollectError, ConfigError, NoDataError

_INFO = gauge("node_sysctl_info", "A sysctl that is text; the value is always 1.")
_UNSAFE = re.compile(r"[^a-zA-Z0-9_]")
_SAFE_NAME = re.compile(r"[\w.:/@-]+(?<!\.)")


class SysctlConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the sysctl collector.

    Attributes:
        include: Sysctls that hold numbers: `fs.file-nr`, or with names for several `fs.file-nr:total,current,max`.
        include_info: Sysctls that hold text, such as `kernel.seccomp.actions_avail`.
    """

    include: tuple[str, ...] = ()
    include_info: tuple[str, ...] = ()


class _Sysctl(NamedTuple):
    """One that was asked for."""

    name: str
    path: str
    keys: tuple[str, ...]


class SysctlCollector(PlainCollector):
    """Fills one value for each number or word. See `model.protocols.Collector`.

    Raises:
        ConfigError: A name is none.
    """

    name = "sysctl"

    def __init__(self, host: Host, config: SysctlConfig) -> None:
        super().__init__()
        self._folder = os.fspath(host.paths.procfs / "sys")
        self._numbers = [_parse(text, f"collectors.sysctl.include[{i}]") for i, text in enumerate(config.include)]
        self._infos = [
            _parse(text, f"collectors.sysctl.include_info[{i}]") for i, text in enumerate(config.include_info)
        ]
        self._families: dict[str, Family] = {}

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        if not self._numbers and not self._infos:
            raise NoDataError("no sysctl is asked for: collectors.sysctl.include names them")
        readings = [reading for sysctl in self._numbers for reading in self._read_numbers(sysctl)]
        return readings + [reading for sysctl in self._infos for reading in self._read_info(sysctl)]

    def _read_numbers(self, sysctl: _Sysctl) -> Iterator[Reading]:
        words = self._words(sysctl)
        try:
            values = [float(int(word)) for word in words]
        except ValueError as error:
            raise CollectError(
                f"{self._folder}/{sysctl.path} holds {' '.join(words)!r}: ask for it by include_info"
            ) from error
        if sysctl.keys:
            if len(values) != len(sysctl.keys):
                raise CollectError(
                    f"{self._folder}/{sysctl.path} holds {len(values)} numbers, {len(sysctl.keys)} have names"
                )
            for key, value in zip(sysctl.keys, values, strict=True):
                yield SeriesSpec(self._family(f"{sysctl.name}_{key}", f"sysctl {sysctl.name}, field {key}"), {}), value
        elif len(values) == 1:
            yield SeriesSpec(self._family(sysctl.name, f"sysctl {sysctl.name}"), {}), values[0]
        else:
            for index, value in enumerate(values):
                family = self._family(sysctl.name, f"sysctl {sysctl.name}")
                yield SeriesSpec(family, {"index": str(index)}), value

    def _read_info(self, sysctl: _Sysctl) -> Iterator[Reading]:
        for index, word in enumerate(self._words(sysctl)):
            yield SeriesSpec(_INFO, {"name": sysctl.name, "index": str(index), "value": word}), 1.0

    def _words(self, sysctl: _Sysctl) -> list[str]:
        text = text_in(self._folder, sysctl.path)
        if text is None:
            raise CollectError(f"{self._folder}/{sysctl.path} cannot be read: is there a sysctl {sysctl.name}?")
        return text.split()

    def _family(self, name: str, text: str) -> Family:
        metric = f"node_sysctl_{_UNSAFE.sub('_', name)}"
        return self._families.setdefault(metric, Family(metric, MetricType.UNTYPED, text))


def _parse(text: str, place: str) -> _Sysctl:
    name, _, keys = text.partition(":")
    parts = name.replace("/", ".").split(".")
    if not _SAFE_NAME.fullmatch(name) or any(part in ("", "..") for part in parts):
        raise ConfigError(f"{text!r} is no name of a sysctl: write it like fs.file-nr", path=place)
    # a name with slashes may hold points: net/ipv4/conf/eth0.1/forwarding
    path = name if "/" in name else name.replace(".", "/")
    return _Sysctl(name, path, tuple(keys.split(",")) if keys else ())


ENTRY = CollectorEntry(
    factory=SysctlCollector,
    section=SysctlConfig,
    default=False,
    summary="Kernel settings that the configuration names",
    files=("/proc/sys/** (those named)",),
    families=(Family("node_sysctl_*", MetricType.UNTYPED, "A sysctl that holds numbers, by its name"), _INFO),
)
