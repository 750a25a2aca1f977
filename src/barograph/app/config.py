"""The configuration: one YAML file, whose sections the rooms own. This module only assembles, reads and checks them.

Precedence: flags, environment, file, defaults. `check config` and SIGHUP run the same code as the start.
"""

import difflib
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from barograph.app.yaml_source import Document, format_path, parse_yaml
from barograph.app.yaml_source import Path as KeyPath
from barograph.collectors.config import CollectorsConfig
from barograph.identity.config import IdentityConfig
from barograph.model.errors import ConfigError
from barograph.model.secret import Secret
from barograph.model.units import Duration, Size
from barograph.promql.config import QueryConfig
from barograph.telemetry.logs import FORMATS, LEVELS
from barograph.tsdb.config import StoreConfig
from barograph.web.config import WebConfig

ENVIRONMENT_PREFIX = "BAROGRAPH_"
NOT_SETTINGS = frozenset(("BAROGRAPH_URL", "BAROGRAPH_SERVE_OPTIONS", "BAROGRAPH_FAIL_ON_SKIP"))
"""Environment variables with our prefix that are no settings."""


class LogConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `log` section.

    Attributes:
        format: `logfmt` or `json`.
        level: `debug`, `info`, `warning` or `error`.
    """

    format: str = "logfmt"
    level: str = "info"

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format is {self.format!r}: one of {', '.join(FORMATS)} is expected")
        if self.level not in LEVELS:
            raise ValueError(f"level is {self.level!r}: one of {', '.join(LEVELS)} is expected")


class PathsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `paths` section: where the kernel's file systems are mounted, as node_exporter's `--path.*`.

    Attributes:
        procfs: The proc file system.
        sysfs: The sys file system.
        rootfs: The root of the host's own file systems.
        udev_data: udev's database.
    """

    procfs: str = "/proc"
    sysfs: str = "/sys"
    rootfs: str = "/"
    udev_data: str = "/run/udev/data"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Every one is optional.

    Attributes:
        instance: Value of the label `instance` on this host's series; unset: the host's name.
        collectors: What is collected, and how often.
        store: How long and how much is kept.
        query: What a query may cost.
        web: How the page and the API are served.
        identity: How people come in.
        paths: Where the kernel's file systems are.
        log: What is logged, and how.
    """

    instance: str = ""
    collectors: CollectorsConfig = CollectorsConfig()
    store: StoreConfig = StoreConfig()
    query: QueryConfig = QueryConfig()
    web: WebConfig = WebConfig()
    identity: IdentityConfig = IdentityConfig()
    paths: PathsConfig = PathsConfig()
    log: LogConfig = LogConfig()

    @property
    def instance_name(self) -> str:
        """The label's value: as set, else the host's name."""
        return self.instance or socket.gethostname()


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `serve` was started with: the flags, which go before the file. None: not given."""

    data: str
    config: str | None = None
    listen: tuple[str, ...] | None = None
    interval: str | None = None
    procfs: str | None = None
    sysfs: str | None = None
    rootfs: str | None = None
    udev_data: str | None = None
    log_format: str | None = None
    log_level: str | None = None

    def overrides(self) -> dict[KeyPath, tuple[str, Any]]:
        """Return the settings that flags give: path -> (flag's name, value)."""
        listen = list(self.listen) if self.listen is not None else None
        flags: dict[KeyPath, tuple[str, Any]] = {
            ("web", "listen"): ("--listen", listen),
            ("collectors", "interval"): ("--interval", self.interval),
            ("paths", "procfs"): ("--path.procfs", self.procfs),
            ("paths", "sysfs"): ("--path.sysfs", self.sysfs),
            ("paths", "rootfs"): ("--path.rootfs", self.rootfs),
            ("paths", "udev_data"): ("--path.udev.data", self.udev_data),
            ("log", "format"): ("--log.format", self.log_format),
            ("log", "level"): ("--log.level", self.log_level),
        }
        return {path: flag for path, flag in flags.items() if flag[1] is not None}


def load_effective(options: ServeOptions, environment: Mapping[str, str]) -> Config:
    """Return the configuration that a `serve` with these flags has.

    Raises:
        ConfigError: The file, a variable or a flag cannot be used; names it.
    """
    overrides = {**environment_overrides(environment), **options.overrides()}
    return _load(Path(options.config) if options.config else None, overrides)


def load_config(file: Path | None, environment: Mapping[str, str]) -> Config:
    """Read and check a configuration file (None: defaults), with the environment's overrides.

    Raises:
        ConfigError: Names file, line, column and path, what was found and what is expected.
    """
    return _load(file, environment_overrides(environment))


def environment_overrides(environment: Mapping[str, str]) -> dict[KeyPath, tuple[str, Any]]:
    """Return the settings that variables give: `BAROGRAPH_WEB__LISTEN` is `web.listen`, its value YAML.

    Raises:
        ConfigError: A value is no YAML; names the variable.
    """
    found: dict[KeyPath, tuple[str, Any]] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in NOT_SETTINGS:
            continue
        path = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        found[path] = (name, parse_yaml(text, name).values)
    return found


def encode_config(config: Config) -> bytes:
    """Return a configuration as JSON, for `decode_config` in another process."""
    return msgspec.json.encode(config, enc_hook=_encode)


def decode_config(data: bytes) -> Config:
    """Return the configuration of `encode_config`."""
    return msgspec.json.decode(data, type=Config, dec_hook=_decode)


def _load(file: Path | None, overrides: Mapping[KeyPath, tuple[str, Any]]) -> Config:
    document = _read(file) if file is not None else Document("", None)
    values = {} if document.values is None else document.values
    if not isinstance(values, dict):
        raise document.error("the file must hold settings, such as `store:`", ())
    given: dict[KeyPath, str] = {}
    for path, (name, value) in overrides.items():
        _set(values, path, value, name)
        given[path] = name
    return _convert(values, document, given)


def _read(file: Path) -> Document:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(file)) from error
    try:
        return parse_yaml(data.decode(), str(file))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("this is not UTF-8", file=str(file), line=line) from error


def _set(values: dict[str, Any], path: KeyPath, value: Any, name: str) -> None:  # noqa: ANN401  a setting of any type
    target = values
    for part in path[:-1]:
        if target.get(str(part)) is None:
            target[str(part)] = {}
        target = target[str(part)]
        if not isinstance(target, dict):
            raise ConfigError(f"{format_path(path)} cannot be set, {part} is no section", file=name)
    target[str(path[-1])] = value


_AT = re.compile(r" - at `\$([^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")


def _convert(values: dict[str, Any], document: Document, given: Mapping[KeyPath, str]) -> Config:
    try:
        return msgspec.convert(values, Config, dec_hook=_decode)
    except msgspec.ValidationError as error:
        text = str(error)
        at = _AT.search(text)
        path = _path(at[1] if at else "")
        message = _AT.sub("", text)
        unknown = _UNKNOWN.fullmatch(message)
        if unknown:
            path, message = (*path, unknown[1]), _unknown(unknown[1], path)
        for override, name in given.items():
            if path[: len(override)] == override:
                raise ConfigError(message, file=name, path=format_path(path)) from error
        raise document.error(_plain(message), path) from error


def _path(text: str) -> KeyPath:
    return tuple(int(m[2]) if m[2] else m[1] for m in _PART.finditer(text) if m[1] or m[2])


def _unknown(key: str, parent: KeyPath) -> str:
    """Say that a key is unknown, and which one may be meant."""
    known = _keys(parent)
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key {key!r}; {hint}"


def _keys(path: KeyPath) -> list[str]:
    section: Any = Config
    for part in path:
        section = get_type_hints(section).get(str(part))
    return [field.name for field in msgspec.structs.fields(section)]


def _plain(message: str) -> str:
    """Put msgspec's words for types into a user's."""
    words = {"`bool`": "true or false", "`int`": "a whole number", "`str`": "a text", "`array`": "a list"}
    words |= {"`object`": "a section with keys", "`float`": "a number", "`null`": "nothing"}
    for type_name, plain in words.items():
        message = message.replace(type_name, plain)
    return message[:1].lower() + message[1:]


def _decode(kind: type, value: Any) -> Any:  # noqa: ANN401  msgspec's hook
    if kind is Duration:
        if isinstance(value, str):
            return Duration.parse(value)
        if value == 0 and not isinstance(value, bool):
            return Duration(0)
        raise ValueError(f"{value!r} has no unit: write a duration like 15s or 1h30m")
    if kind is Size:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return Size(value)
        if isinstance(value, str):
            return Size.parse(value)
        raise ValueError(f"{value!r} is no size: write it like 512MB or 10GiB")
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(f"no setting has the type {kind}")


def _encode(value: Any) -> Any:  # noqa: ANN401  msgspec's hook
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, Size):
        return value.bytes
    if isinstance(value, Secret):
        return value.reveal()  # only into the memory that the front inherits
    raise NotImplementedError(f"no setting has the type {type(value)}")
