"""node_exporter's command-line flags, applied to our configuration.

`barograph collect` and tools/golden.py use this. `--collector.X` and `--no-collector.X` switch a collector,
`--collector.X.option=value` sets the field `option` of its section (`-` and `.` become `_`).
"""

from collections.abc import Sequence

import msgspec

from barograph.collectors.base import CollectorSection
from barograph.collectors.config import CollectorsConfig
from barograph.collectors.registry import COLLECTORS
from barograph.model.errors import ConfigError
from barograph.model.units import Duration

DISABLE_DEFAULTS = "--collector.disable-defaults"
"""Switches every collector off; those named by other flags are on again."""

# node_exporter's old names, which scripts still use
_OLD_NAMES = {
    "collector.bcache.priorityStats": "collector.bcache.priority-stats",
    "collector.diskstats.ignored-devices": "collector.diskstats.device-exclude",
    "collector.filesystem.ignored-mount-points": "collector.filesystem.mount-points-exclude",
    "collector.filesystem.ignored-fs-types": "collector.filesystem.fs-types-exclude",
    "collector.netdev.device-whitelist": "collector.netdev.device-include",
    "collector.netdev.device-blacklist": "collector.netdev.device-exclude",
    "collector.qdisk.device-include": "collector.qdisc.device-include",
    "collector.qdisk.device-exclude": "collector.qdisc.device-exclude",
}


def apply_flags(config: CollectorsConfig, argv: Sequence[str]) -> CollectorsConfig:
    """Return the configuration as changed by flags, the later ones winning.

    Both `--flag=value` and `--flag value` are understood.

    Raises:
        ConfigError: A flag is not known, lacks its value or has one that cannot be used; names the flag.
    """
    rest = list(argv)
    if DISABLE_DEFAULTS in rest:
        rest = [flag for flag in rest if flag != DISABLE_DEFAULTS]
        for name in COLLECTORS:
            config = _change(config, name, "enabled", value=False)
    while rest:
        flag = rest.pop(0)
        name, separator, text = flag.partition("=")
        is_on = not name.startswith("--no-")
        key = name.removeprefix("--" if is_on else "--no-")
        if not name.startswith("--"):
            raise ConfigError(f"{flag!r} is not a flag: flags open with --collector. or --no-collector.")
        collector, field = _target(key, name)
        if _is_switch(config, collector, field):
            config = _change(config, collector, field, value=_switch(name, is_on, text if separator else None))
        else:
            if not is_on or (not separator and not rest):
                raise ConfigError(f"{name} needs a value: --{key}=VALUE")
            config = _change(
                config, collector, field, _value(config, collector, field, text if separator else rest.pop(0))
            )
    return config


def collector_of(flag: str) -> str:
    """Return the name of the collector that a flag is about, or "" where it is no `--collector.X` flag."""
    name = flag.partition("=")[0].removeprefix("--").removeprefix("no-")
    return name.split(".")[1] if name.startswith("collector.") and flag != DISABLE_DEFAULTS else ""


def _target(key: str, name: str) -> tuple[str, str]:
    """Return collector and field that a flag's key is about."""
    parts = _OLD_NAMES.get(key, key).split(".")
    if parts[0] != "collector" or len(parts) < 2:
        raise ConfigError(f"unknown flag {name}: flags open with --collector. or --no-collector.")
    collector, field = parts[1], "_".join(parts[2:]).replace("-", "_")
    if collector not in COLLECTORS:
        raise ConfigError(
            f"unknown flag {name}: there is no collector {collector!r}; there are {', '.join(COLLECTORS)}"
        )
    options = [option for option in COLLECTORS[collector].section.__struct_fields__ if option != "enabled"]
    if field and field not in options:
        known = ", ".join(option.replace("_", "-") for option in options)
        raise ConfigError(f"unknown flag {name}: collector {collector} has the options {known}")
    return collector, field or "enabled"


def _is_switch(config: CollectorsConfig, collector: str, field: str) -> bool:
    return field == "enabled" or isinstance(getattr(config.section(collector), field), bool)


def _switch(name: str, is_on: bool, text: str | None) -> bool:
    if text is None:
        return is_on
    if text in ("true", "false") and is_on:
        return text == "true"
    raise ConfigError(f"{name} is a switch: leave out ={text}")


def _value(config: CollectorsConfig, collector: str, field: str, text: str) -> str | tuple[str, ...] | Duration:
    before = getattr(config.section(collector), field)
    if isinstance(before, str):
        return text
    if isinstance(before, tuple):
        return (*before, text)  # such a flag may come again
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise ConfigError(f"--collector.{collector}.{field.replace('_', '-')}: {error}") from error


def _change(config: CollectorsConfig, collector: str, field: str, value: object) -> CollectorsConfig:
    section: CollectorSection = msgspec.structs.replace(config.section(collector), **{field: value})
    return msgspec.structs.replace(config, **{collector: section})
