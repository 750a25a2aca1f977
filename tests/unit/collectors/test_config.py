from pathlib import Path

import msgspec
import pytest

from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.filesystem import FilesystemConfig
from barograph.collectors.loadavg import LoadavgConfig
from barograph.collectors.procfs import Paths
from barograph.collectors.registry import COLLECTORS
from barograph.collectors.vmstat import VmstatConfig
from barograph.model.errors import ConfigError, NoDataError
from barograph.model.sample import is_absent
from barograph.model.schedule import ScheduledCollector
from barograph.model.units import Duration
from helpers.clock import FakeClock
from helpers.collectors import FIXTURES


def _build(config: CollectorsConfig, names: list[str] | None = None) -> dict[str, ScheduledCollector]:
    built = build_collectors(config, Paths(), FakeClock(), names)
    return {scheduled.collector.name: scheduled for scheduled in built}


_HERE = Path(__file__).parent


def test_the_defaults_are_collected_every_second() -> None:
    built = _build(CollectorsConfig())
    assert list(built) == [name for name, entry in COLLECTORS.items() if entry.default]
    assert {scheduled.interval_ms for scheduled in built.values()} == {1000}
    assert built["cpu"].budget_ms == built["filesystem"].budget_ms == 500


def test_every_collector_has_a_section_of_its_type_and_its_name() -> None:
    config = CollectorsConfig()
    for name, entry in COLLECTORS.items():
        assert type(config.section(name)) is entry.section
        assert entry.factory.name == name  # type: ignore[attr-defined]
        assert (FIXTURES / name).is_dir() or list(_HERE.glob(f"test_{name}*.py"))
    assert {*COLLECTORS, "interval", "budget", "third_party"} == set(CollectorsConfig.__struct_fields__)
    with pytest.raises(KeyError):
        config.section("interval")


def test_every_collector_gives_a_sample_of_this_machine() -> None:
    built = build_collectors(CollectorsConfig(), Paths(), FakeClock())
    for scheduled in built:
        try:
            batch = scheduled.collector.collect(1000)
        except NoDataError:
            continue
        assert batch.source == scheduled.collector.name
        assert batch.timestamp_ms == 1000
        # a machine may have no neighbour, and then arp has no series
        assert len(set(batch.schema.series)) == len(batch.schema) == len(batch.values)
        assert not is_absent(batch.values).any()
    for scheduled in built:
        scheduled.collector.close()


def test_a_section_decides_for_its_collector() -> None:
    config = CollectorsConfig(
        interval=Duration(2000),
        loadavg=LoadavgConfig(interval=Duration(5000), budget=Duration(70)),
        vmstat=VmstatConfig(enabled=False),
    )
    built = _build(config)
    assert "vmstat" not in built
    assert (built["loadavg"].interval_ms, built["loadavg"].budget_ms) == (5000, 70)
    assert built["cpu"].interval_ms == 2000


def test_named_collectors_are_built_whatever_is_enabled() -> None:
    assert list(_build(CollectorsConfig(vmstat=VmstatConfig(enabled=False)), ["vmstat", "cpu"])) == ["cpu", "vmstat"]
    with pytest.raises(ConfigError, match=r"there is no collector 'gpu'; there are (\w+, )*cpu, "):
        _build(CollectorsConfig(), ["cpu", "gpu"])


def test_the_filesystems_budget_leaves_a_stuck_mount_its_timeout() -> None:
    assert (
        _build(CollectorsConfig(filesystem=FilesystemConfig(mount_timeout=Duration(5000))))["filesystem"].budget_ms
        == 5250
    )
    short = FilesystemConfig(mount_timeout=Duration(5000), budget=Duration(1000))
    with pytest.raises(ConfigError, match=r"filesystem\.budget: 1s is not longer than mount_timeout 5s"):
        _build(CollectorsConfig(filesystem=short))


@pytest.mark.parametrize(
    ("config", "place"),
    [
        (CollectorsConfig(interval=Duration(50)), r"collectors\.interval: 50ms is too short"),
        (CollectorsConfig(loadavg=LoadavgConfig(interval=Duration(1))), r"collectors\.loadavg\.interval: 1ms"),
        (CollectorsConfig(budget=Duration(0)), r"collectors\.budget: 0s is no time"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(config: CollectorsConfig, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        _build(config)


def test_an_unknown_key_is_refused() -> None:
    def hook(kind: type, value: object) -> object:
        assert kind is Duration
        return Duration.parse(str(value))

    good = msgspec.convert({"interval": "2s", "cpu": {"guest": False}}, CollectorsConfig, dec_hook=hook)
    assert (good.interval, good.cpu.guest) == (2000, False)
    with pytest.raises(msgspec.ValidationError, match="unknown field `gest`"):
        msgspec.convert({"cpu": {"gest": False}}, CollectorsConfig, dec_hook=hook)


def test_cpu_and_stat_read_their_file_once(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    path = tmp_path / "proc/stat"
    path.write_bytes((FIXTURES / "stat/proc/stat").read_bytes())
    paths = Paths(procfs=tmp_path / "proc", sysfs=tmp_path / "sys")
    cpu, stat = build_collectors(CollectorsConfig(), paths, FakeClock(), ["cpu", "stat"])
    cpu.collector.collect(1)
    path.write_text(path.read_text().replace("ctxt 564070", "ctxt 564071"))
    assert stat.collector.collect(1).values[1] == 564070
    assert stat.collector.collect(2).values[1] == 564071
