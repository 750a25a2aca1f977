"""The configuration: one YAML file, whose sections the rooms own. This module only assembles, reads and checks them.

Precedence: flags, environment, file, defaults. `check config` and SIGHUP run the same code as the start.
"""

import logging
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from barograph.alerts.config import InhibitConfig, NamedIntervalConfig, RouteConfig
from barograph.alerts.policy import HOST_DOWN
from barograph.app.alert_config import made_ways, place_of, policy_of
from barograph.app.alertmanager_keys import carry_over
from barograph.app.config_convert import Source, as_meant, convert, decode_setting, encode_setting
from barograph.app.config_environment import environment_overrides
from barograph.app.config_files import read_secret_files
from barograph.app.listen import is_loopback, parse_address
from barograph.app.retention_classes import parse_selector
from barograph.app.rule_files import load_rule_files
from barograph.app.yaml_source import MAX_BYTES, Document, KeyPath, format_path, parse_yaml
from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.identity.config import IdentityConfig
from barograph.model.clock import SystemClock
from barograph.model.errors import AlertError, ConfigError, QueryError
from barograph.model.secret import Secret
from barograph.notify.config import MailDefaults, NotifyConfig, ReceiverConfig
from barograph.promql.config import QueryConfig
from barograph.rules.config import GlobalConfig, RulesConfig, ThresholdTexts
from barograph.rules.stock.table import stock_thresholds
from barograph.rules.threshold_reading import read_thresholds
from barograph.telemetry.logs import FORMATS, LEVELS
from barograph.tsdb.config import StoreConfig
from barograph.web.config import WebConfig

_log = logging.getLogger(__name__)
_THREE_WAYS = (
    "{address} can be reached by others, and what passes could be read on the way. Three ways to go on: "
    "listen on 127.0.0.1:{port} and reach it by `ssh -L {port}:127.0.0.1:{port} HOST`; "
    "or set web.tls.cert_file and web.tls.key_file; "
    "or put a proxy that speaks TLS in front, and set web.trusted_proxies and web.external_url"
)


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


class GlobalSection(GlobalConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `global` section: Prometheus' keys for rules, and Alertmanager's for receivers that do not say themselves.

    Attributes:
        smtp_from: From whom mail is.
        smtp_smarthost: The server that takes mail, as `HOST:PORT`.
        smtp_auth_username: The name to log in to it with.
        smtp_auth_password: The password to log in to it with.
        smtp_require_tls: Say nothing to a server without TLS.
        slack_api_url: The Slack webhook.
        pagerduty_url: Where PagerDuty's events are sent.
    """

    smtp_from: str = ""
    smtp_smarthost: str = ""
    smtp_auth_username: str = ""
    smtp_auth_password: Secret | None = None
    smtp_require_tls: bool = True
    slack_api_url: Secret | None = None
    pagerduty_url: str = ""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Every one is optional.

    Attributes:
        instance: Value of the label `instance` on this host's series; unset: the host's name.
        collectors: What is collected, and how often.
        store: How long and how much is kept.
        query: What a query may cost.
        web: How the page and the API are served.
        identity: How people come in.
        global_: What holds for all groups of rules and all receivers that say nothing else.
        rule_files: Files of rules, as names or patterns such as `rules/*.yml`; relative to the configuration file.
        rules: How rules are run.
        thresholds: Alerts as an expression with limits, and changes of the stock alerts; see docs/thresholds.md.
        route: Who is told of which alerts, as a tree; nobody where there is none.
        receivers: Who can be told, and how.
        inhibit_rules: Which alerts keep which others quiet; by default a host that is down all others of that host.
        time_intervals: Times by names, for routes.
        mute_time_intervals: The same, by its older name.
        notify: What leaves this machine when somebody is told.
        paths: Where the kernel's file systems are.
        log: What is logged, and how.
    """

    instance: str = ""
    collectors: CollectorsConfig = CollectorsConfig()
    store: StoreConfig = StoreConfig()
    query: QueryConfig = QueryConfig()
    web: WebConfig = WebConfig()
    identity: IdentityConfig = IdentityConfig()
    global_: GlobalSection = msgspec.field(name="global", default=GlobalSection())
    rule_files: tuple[str, ...] = ()
    rules: RulesConfig = RulesConfig()
    thresholds: dict[str, Any] = msgspec.field(default_factory=dict)
    route: RouteConfig = RouteConfig()
    receivers: tuple[ReceiverConfig, ...] = ()
    inhibit_rules: tuple[InhibitConfig, ...] = (HOST_DOWN,)
    time_intervals: tuple[NamedIntervalConfig, ...] = ()
    mute_time_intervals: tuple[NamedIntervalConfig, ...] = ()
    notify: NotifyConfig = NotifyConfig()
    paths: PathsConfig = PathsConfig()
    log: LogConfig = LogConfig()

    @property
    def mail_defaults(self) -> MailDefaults:
        """What receivers have where they do not say."""
        given = self.global_
        return MailDefaults(**{name: getattr(given, name) for name in MailDefaults.__struct_fields__})

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

    def overrides(self) -> dict[KeyPath, Document]:
        """Return the settings that flags give: path -> the value, under the flag's name."""
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
        return {path: Document(name, value) for path, (name, value) in flags.items() if value is not None}


def load_effective(
    options: ServeOptions, environment: Mapping[str, str], tell: Callable[[str], None] = _log.warning
) -> Config:
    """Return the configuration that a `serve` with these flags has; `tell` hears what of it is left out.

    Raises:
        ConfigError: The file, a variable or a flag cannot be used; names it.
    """
    overrides = {**environment_overrides(environment), **options.overrides()}
    return _load(Path(options.config) if options.config else None, overrides, tell)


def load_config(file: Path | None, environment: Mapping[str, str]) -> Config:
    """Read and check a configuration file (None: defaults), with the environment's overrides.

    Raises:
        ConfigError: Names file, line, column and path, what was found and what is expected.
    """
    return _load(file, environment_overrides(environment), _log.warning)


def parse_web(shown: str) -> WebConfig:
    """Return the section `web` of what a server shows of its configuration, in which secrets are hidden.

    Raises:
        ConfigError: It is none of this version.
    """
    document = parse_yaml(shown, "its configuration")
    values = document.values if isinstance(document.values, dict) else {}
    return convert(values.get("web") or {}, WebConfig, Source(document, {}))


def encode_config(config: Config) -> bytes:
    """Return a configuration as JSON, for `decode_config` in the front: without secrets, none of which it needs."""
    return msgspec.json.encode(
        config, enc_hook=lambda value: "" if isinstance(value, Secret) else encode_setting(value)
    )


def decode_config(data: bytes) -> Config:
    """Return the configuration of `encode_config`."""
    return msgspec.json.decode(data, type=Config, dec_hook=decode_setting)


def _load(file: Path | None, overrides: Mapping[KeyPath, Document], tell: Callable[[str], None]) -> Config:
    document = _read(file) if file is not None else Document("", None)
    values = {} if document.values is None else document.values
    if not isinstance(values, dict):
        raise document.error("the file must hold settings, such as `store: {retention: 90d}`", ())
    for path, override in overrides.items():
        _set(values, path, override.values, override.file)
    source = Source(document, overrides)
    values = carry_over(values, source, tell)
    if "thresholds" in values:
        values["thresholds"] = as_meant(values["thresholds"], dict[str, ThresholdTexts], source, ("thresholds",))
    config = convert(read_secret_files(values, Config, source), Config, source)
    _check_parts(config, source)
    _check_rule_files(config, rules_folder(file), source)
    return config


def _check_rule_files(config: Config, folder: Path, source: Source) -> None:
    """Refuse what cannot be read: a mistake in a rule file has its place there, a name that leads nowhere its own."""
    for place, pattern in enumerate(config.rule_files):
        try:
            load_rule_files((pattern,), folder)
        except ConfigError as error:
            if error.file:
                raise
            raise source.error(error.message, ("rule_files", place)) from error


def rules_folder(file: Path | None) -> Path:
    """Return what names of rule files are relative to: the folder of the configuration file."""
    return Path.cwd() if file is None else file.absolute().parent


def _check_parts(config: Config, source: Source) -> None:
    """Refuse now what the parts would refuse when they are built: patterns, intervals, addresses."""
    try:
        build_collectors(config.collectors, Paths(), SystemClock())  # opens nothing before the first sample
    except ConfigError as error:
        raise source.error(error.message, tuple(error.path.split("."))) from error
    for key, named in (("retention_for", config.store.retention_for), ("max_size_for", config.store.max_size_for)):
        for selector in named:
            try:
                parse_selector(selector)
            except QueryError as error:
                raise source.error(error.message, ("store", key, selector)) from error
    read_thresholds(config.thresholds, stock_thresholds(), source.error)
    try:
        policy_of(config, made_ways(config))
    except AlertError as error:
        message, path = place_of(error)
        raise source.error(message, path) from error
    if not any(not address.startswith("unix:") for address in config.web.listen):
        raise source.error("an address is expected, such as 127.0.0.1:10132: nobody could ask", ("web", "listen"))
    for i, address in enumerate(config.web.listen):
        try:
            parse_address(address)
        except ConfigError as error:
            raise source.error(error.message, ("web", "listen", i)) from error
    _check_openness(config, source)


def _check_openness(config: Config, source: Source) -> None:
    """Refuse an address that others can reach without TLS, here or before us."""
    if found := _open_address(config.web):
        raise source.error(found[1], ("web", "listen", found[0]))


def keep_listening(config: Config, web: WebConfig) -> Config:
    """Return a configuration that is read again, with the addresses that are listened on since the start.

    Raises:
        ConfigError: It would leave one of them open to others without TLS.
    """
    kept = msgspec.structs.replace(config, web=msgspec.structs.replace(config.web, listen=web.listen))
    if found := _open_address(kept.web):
        words = "; what is listened on changes with the next start only"
        raise ConfigError(found[1] + words, path="web.listen")
    return kept


def _open_address(web: WebConfig) -> tuple[int, str] | None:
    """Return the place of the first address that is open to others, and what to do about it."""
    if web.tls.cert_file or (web.trusted_proxies and web.external_url):
        return None
    for place, address in enumerate(web.listen):
        if not is_loopback(address):
            return place, _THREE_WAYS.format(address=address, port=parse_address(address)[1])
    return None


def _read(file: Path) -> Document:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
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
