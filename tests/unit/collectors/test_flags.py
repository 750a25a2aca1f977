import pytest

from barograph.collectors.config import CollectorsConfig
from barograph.collectors.flags import apply_flags, collector_of
from barograph.model.errors import ConfigError


def test_switches_and_values() -> None:
    config = apply_flags(
        CollectorsConfig(),
        [
            "--no-collector.vmstat",
            "--collector.stat.softirq",
            "--no-collector.cpu.guest",
            "--collector.cpu.info=true",
            "--collector.cpu.info.flags-include=^(aes|avx.?)$",
            "--collector.netdev.device-exclude",
            "^veth",
            "--collector.filesystem.mount-timeout=5s",
            "--collector.cpu.interval=10s",
        ],
    )
    assert not config.is_enabled("vmstat")
    assert config.is_enabled("cpu")
    assert config.stat.softirq
    assert not config.cpu.guest
    assert config.cpu.info
    assert config.cpu.info_flags_include == "^(aes|avx.?)$"
    assert config.netdev.device_exclude == "^veth"
    assert config.filesystem.mount_timeout.ms == 5000
    assert config.cpu.interval == 10_000


def test_old_names_are_understood() -> None:
    config = apply_flags(
        CollectorsConfig(),
        ["--collector.diskstats.ignored-devices=^x", "--collector.filesystem.ignored-fs-types=^y"],
    )
    assert config.diskstats.device_exclude == "^x"
    assert config.filesystem.fs_types_exclude == "^y"


def test_the_defaults_can_be_switched_off_together() -> None:
    config = apply_flags(CollectorsConfig(), ["--collector.cpu", "--collector.disable-defaults", "--collector.stat"])
    assert [name for name in ("cpu", "stat", "time", "uname") if config.is_enabled(name)] == ["cpu", "stat"]


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--collector.gpu", "unknown flag --collector.gpu: there is no collector 'gpu'"),
        ("--collector.cpu.gest", "unknown flag --collector.cpu.gest: collector cpu has the options interval, budget"),
        ("--collector.cpu.enabled", "unknown flag"),
        ("--web.listen-address=:1", "unknown flag --web.listen-address"),
        ("--collector", "unknown flag --collector:"),
        ("cpu", "'cpu' is not a flag"),
        ("--collector.vmstat.fields", "needs a value"),
        ("--no-collector.vmstat.fields=x", "needs a value"),
        ("--collector.cpu.guest=maybe", "is a switch: leave out =maybe"),
        ("--no-collector.cpu.guest=true", "is a switch"),
        ("--collector.cpu.interval=soon", r"--collector.cpu.interval: 'soon' is not a duration"),
    ],
)
def test_flags_that_cannot_be_used_are_named(flag: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        apply_flags(CollectorsConfig(), [flag])


def test_whose_flag_it_is() -> None:
    assert collector_of("--collector.hwmon.chip-include=x.y") == "hwmon"
    assert collector_of("--no-collector.arp") == "arp"
    assert collector_of("--collector.disable-defaults") == ""
    assert collector_of("--path.procfs=/x") == ""
