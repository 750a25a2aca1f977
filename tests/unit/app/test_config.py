"""The configuration from file, environment and flags, and how it refuses mistakes."""

from pathlib import Path

import pytest

from barograph.app.config import (
    Config,
    ServeOptions,
    decode_config,
    encode_config,
    keep_listening,
    load_config,
    load_effective,
)
from barograph.model.errors import ConfigError
from barograph.model.secret import Secret
from barograph.model.units import Duration, Size
from barograph.web.config import TlsConfig, WebConfig


def write(folder: Path, text: str) -> Path:
    file = folder / "barograph.yml"
    file.write_text(text)
    return file


def refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, text), {})
    return caught.value


def place(error: ConfigError) -> tuple[int, int, str]:
    return error.line, error.column, error.path


def test_without_a_file_everything_has_its_default() -> None:
    assert load_config(None, {}) == Config()


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "store:\n", "store:\n  retention:\n", "instance: ~\n"])
def test_what_is_left_out_has_its_default(tmp_path: Path, text: str) -> None:
    assert load_config(write(tmp_path, text), {}) == Config()


def test_sections_are_read(tmp_path: Path) -> None:
    text = """
instance: web-1
collectors: {interval: 5s, cpu: {enabled: false}}
store: {retention: 90d, max_size: 512MB, decoded_cache: 1048576}
query: {timeout: 0}
web: {listen: ["127.0.0.1:1", "[::1]:2"]}
paths: {procfs: /host/proc}
log: {format: json}
"""
    config = load_config(write(tmp_path, text), {})
    assert config.instance_name == "web-1"
    assert config.collectors.interval == Duration(5000)
    assert not config.collectors.is_enabled("cpu")
    assert (config.store.retention, config.store.max_size) == (Duration.parse("90d"), Size.parse("512MiB"))
    assert config.store.decoded_cache == Size.parse("1MiB")
    assert config.query.timeout == 0
    assert config.web.listen == ("127.0.0.1:1", "[::1]:2")
    assert config.paths.procfs == "/host/proc"
    assert config.log.format == "json"


def test_the_instance_is_the_hosts_name_where_none_is_set() -> None:
    assert Config().instance_name == Path("/proc/sys/kernel/hostname").read_text().strip()


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("store:\n  retentoin: 3d\n", (2, 3, "store.retentoin"), "did you mean 'retention'?"),
        ("store:\n  retentoin:\n", (2, 3, "store.retentoin"), "did you mean 'retention'?"),
        ("xyzzy: 1\n", (1, 1, "xyzzy"), "known here: instance, collectors, store"),
        ("log: 3\n", (1, 1, "log"), "expected a section with keys, got a whole number"),
        ("web:\n  listen: 1\n", (2, 3, "web.listen"), "expected a list, got a whole number"),
        ("web:\n  listen:\n  - a: 1\n", (3, 5, "web.listen[0]"), "expected a text, got a section with keys"),
        ("web:\n  listen:\n  - nonsense\n", (3, 5, "web.listen[0]"), "write it like 127.0.0.1:10132"),
        ("store: {retention_for: {'1+1': 3d}}\n", (1, 25, "store.retention_for.1+1"), "'1+1' is no series selector"),
        ("store: {max_size_for: {'{a=': 3GB}}\n", (1, 24, "store.max_size_for.{a="), "unexpected end"),
        ("store: {retention_for: {up: 3}}\n", (1, 9, "store.retention_for"), "3 has no unit"),
        ("web: {listen: []}\n", (1, 7, "web.listen"), "an address is expected, such as 127.0.0.1:10132"),
        ("store: {retention: 300y}\n", (1, 9, "store.retention"), "300y is too long: 292y is the longest duration"),
        (f"store: {{max_size: {'9' * 400}TiB}}\n", (1, 9, "store.max_size"), "is too large: write a size like"),
        ("web: {live_clients: 9223372036854775808}\n", (1, 7, "web.live_clients"), "is too large: 92233720368547758"),
        ("web: {live_clients: -1}\n", (1, 7, "web.live_clients"), "-1 is negative"),
        ("instance: [12]\n", (1, 1, "instance"), "expected a text, got a list"),
        ("store: {retention: 30}\n", (1, 9, "store.retention"), "30 has no unit"),
        ("store: {retention: 3y4}\n", (1, 9, "store.retention"), "'3y4' is not a duration"),
        ("store: {max_size: big}\n", (1, 9, "store.max_size"), "'big' is not a size"),
        ("store: {max_size: -1}\n", (1, 9, "store.max_size"), "-1 is no size"),
        ("store: {max_size: true}\n", (1, 9, "store.max_size"), "True is no size"),
        ("query: {timeout: false}\n", (1, 9, "query.timeout"), "False has no unit"),
        ("collectors: {cpu: {enabled: 3}}\n", (1, 20, "collectors.cpu.enabled"), "expected true or false"),
        ("log:\n  level: loud\n", (2, 3, "log.level"), "one of debug, info, warning, error"),
        ("log:\n  format: xml\n", (2, 3, "log.format"), "one of logfmt, json"),
        ("store:\n  ring_slots: 3\n", (2, 3, "store.ring_slots"), "must exceed fold_ticks"),
        ("log: {}\nstore:\n  fold_ticks: 5000\n", (2, 1, "store.ring_slots"), "ring_slots is 1200"),
        ("collectors:\n  interval: 1ms\n", (2, 3, "collectors.interval"), "100ms is the shortest"),
        (
            "collectors:\n  netdev:\n    device_include: (\n",
            (3, 5, "collectors.netdev.device_include"),
            "bad regular expression",
        ),
        ("- 1\n", (1, 1, ""), "must hold settings"),
        ("just words\n", (1, 1, ""), "must hold settings"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_is_expected(
    tmp_path: Path, text: str, at: tuple[int, int, str], said: str
) -> None:
    error = refusal(tmp_path, text)
    assert place(error) == at
    assert said in error.message
    assert str(error).startswith(f"{tmp_path / 'barograph.yml'}:{at[0]}:{at[1]}: ")


def test_what_is_a_text_needs_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "barograph.yml"
    file.write_text("""
instance: 007
global: {external_labels: {shard: 1, version: 1.10, on: yes, since: 2026-01-01}, smtp_auth_password: 0123}
web: {listen: [127.0.0.1:1]}
thresholds: {FilesystemReadOnly: {labels: {tier: 1.0}, summary: 5}}
inhibit_rules: [{source_match: {code: 500}, target_match_re: {code: 4.0}, equal: [0x1f]}]
route: {receiver: a, group_by: [1], routes: [{match: {code: 1e3}, match_re: {ok: on}}]}
receivers: [{name: a}]
""")
    config = load_config(file, {"BAROGRAPH_GLOBAL__EXTERNAL_LABELS__ZONE": "010", "BAROGRAPH_INSTANCE": "off"})
    assert config.instance == "off"
    labels = {"shard": "1", "version": "1.10", "on": "yes", "since": "2026-01-01", "zone": "010"}
    assert config.global_.external_labels == labels
    assert config.global_.smtp_auth_password == Secret("0123")
    assert config.thresholds == {"FilesystemReadOnly": {"labels": {"tier": "1.0"}, "summary": "5"}}
    (rule,) = config.inhibit_rules
    assert (rule.source_match, rule.target_match_re, rule.equal) == ({"code": "500"}, {"code": "4.0"}, ("0x1f",))
    (route,) = config.route.routes
    assert (config.route.group_by, route.match, route.match_re) == (("1",), {"code": "1e3"}, {"ok": "on"})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yml: cannot be read: No such file"):
        load_config(tmp_path / "missing.yml", {})


def test_bytes_that_are_no_text_are_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "barograph.yml"
    file.write_bytes(b"instance: a\nlog: \xff\n")
    with pytest.raises(ConfigError, match=r"barograph.yml:2:1: this is not UTF-8"):
        load_config(file, {})


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger than 1048576 bytes"):
        load_config(Path("/dev/zero"), {})


def test_flags_go_before_variables_before_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "log: {level: debug, format: json}\ncollectors: {interval: 9s}\ninstance: file\n")
    environment = {"BAROGRAPH_LOG__LEVEL": "warning", "BAROGRAPH_COLLECTORS__INTERVAL": "5s"}
    options = ServeOptions(data="/d", config=str(file), interval="2s")
    config = load_effective(options, environment)
    assert config.collectors.interval == Duration(2000)
    assert config.log.level == "warning"
    assert config.log.format == "json"
    assert config.instance == "file"


def test_every_flag_has_its_setting() -> None:
    options = ServeOptions(
        data="/d",
        listen=("127.0.0.1:1",),
        interval="2s",
        procfs="/a",
        sysfs="/b",
        rootfs="/c",
        udev_data="/e",
        log_format="json",
        log_level="error",
    )
    config = load_effective(options, {})
    assert config.web.listen == ("127.0.0.1:1",)
    assert config.collectors.interval == Duration(2000)
    assert (config.paths.procfs, config.paths.sysfs, config.paths.rootfs) == ("/a", "/b", "/c")
    assert config.paths.udev_data == "/e"
    assert (config.log.format, config.log.level) == ("json", "error")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ServeOptions(data="/d", interval="3x"), "--interval: collectors.interval: '3x' is not a duration"),
        (ServeOptions(data="/d", interval="1ms"), "--interval: collectors.interval: 1ms is too short"),
        (ServeOptions(data="/d", listen=("::",)), r"--listen: web.listen\[0\]: '::' is not an address"),
        (ServeOptions(data="/d", log_level="loud"), "--log.level: log.level: level is 'loud'"),
    ],
)
def test_a_wrong_flag_is_named(options: ServeOptions, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_effective(options, {})


def test_a_mistake_in_the_file_is_not_blamed_on_a_flag_of_the_same_section(tmp_path: Path) -> None:
    file = write(tmp_path, "log:\n  level: loud\n")
    with pytest.raises(ConfigError, match=r"barograph.yml:2:3: log.level"):
        load_effective(ServeOptions(data="/d", config=str(file), log_format="json"), {})


def test_a_flag_that_overrides_a_mistake_mends_it(tmp_path: Path) -> None:
    file = write(tmp_path, "log:\n  level: loud\n")
    assert load_effective(ServeOptions(data="/d", config=str(file), log_level="info"), {}).log.level == "info"


def test_a_configuration_survives_the_way_to_the_front(tmp_path: Path) -> None:
    text = "store: {retention: 90d, max_size: 3GiB}\nweb: {listen: ['[::1]:1']}\ncollectors: {cpu: {interval: 2s}}\n"
    config = load_config(write(tmp_path, text), {})
    assert decode_config(encode_config(config)) == config
    assert decode_config(encode_config(Config())) == Config()


@pytest.mark.parametrize("address", ["0.0.0.0:10132", "[::]:10132", "10.0.0.1:10132", ":10132", "web-1:10132"])
def test_an_address_that_others_reach_needs_tls_or_a_proxy(tmp_path: Path, address: str) -> None:
    file = tmp_path / "barograph.yml"
    file.write_text(f"web:\n  listen: ['127.0.0.1:10132', '{address}']\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert (caught.value.line, caught.value.path) == (2, "web.listen[1]")
    for way in ("ssh -L 10132:", "web.tls.cert_file", "web.trusted_proxies", "web.external_url"):
        assert way in caught.value.message
    for more in (
        "  tls: {cert_file: a, key_file: b}\n",
        "  trusted_proxies: ['10.0.0.2']\n  external_url: https://metrics.example\n",
    ):
        file.write_text(f"web:\n  listen: ['127.0.0.1:10132', '{address}']\n{more}")
        assert load_config(file, {}).web.listen[1] == address
    file.write_text(f"web:\n  listen: ['{address}']\n  trusted_proxies: ['10.0.0.2']\n")
    with pytest.raises(ConfigError, match="can be reached by others"):
        load_config(file, {})


def test_a_unix_socket_alone_is_not_enough(tmp_path: Path) -> None:
    file = tmp_path / "barograph.yml"
    file.write_text("web:\n  listen: ['unix:/run/barograph.sock']\n")
    with pytest.raises(ConfigError, match="an address is expected"):
        load_config(file, {})


def test_what_is_left_out_of_a_file_is_told_to_whoever_starts(tmp_path: Path) -> None:
    told: list[str] = []
    file = write(tmp_path, "instance: a\ntemplates: [b]\n")
    load_effective(ServeOptions(data="d", config=str(file)), {}, told.append)
    assert [words.removeprefix(f"{file}:2:1: ") for words in told] == [
        "templates is left out: messages have Barograph's own words and looks"
    ]


def test_a_reload_keeps_what_is_listened_on_and_leaves_none_of_it_open() -> None:
    before = WebConfig(listen=("0.0.0.0:1",), tls=TlsConfig(cert_file="c", key_file="k"))
    kept = keep_listening(Config(web=WebConfig(listen=("127.0.0.1:2",), tls=before.tls)), before)
    assert kept.web.listen == ("0.0.0.0:1",)
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0:1 can be reached by others.*with the next start only"):
        keep_listening(Config(web=WebConfig(listen=("127.0.0.1:2",))), before)
