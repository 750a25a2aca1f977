import shutil
import socket
from pathlib import Path

import pytest

from barograph.collectors import systemd_families
from barograph.collectors.base import Host
from barograph.collectors.procfs import Paths
from barograph.collectors.systemd import SystemdCollector, SystemdConfig
from barograph.collectors.systemd_families import FAMILIES
from barograph.model.errors import CollectError, ConfigError, NoDataError
from barograph.model.units import Duration
from helpers.clock import FakeClock
from helpers.collectors import as_dict, host_of
from helpers.dbus import system_bus

needs_dbus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (Debian's dbus)")
_EVERYTHING = SystemdConfig(enable_task_metrics=True, enable_restarts_metrics=True, enable_start_time_metrics=True)


def host_at(folder: Path) -> tuple[Host, FakeClock]:
    host, clock = host_of(Paths(rootfs=folder)), FakeClock()
    return type(host)(
        paths=host.paths, clock=clock, stat=host.stat, processes=host.processes, cgroups=host.cgroups
    ), clock


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that answers does so in the first sample, however busy the machine is."""
    monkeypatch.setattr("barograph.collectors.systemd._FIRST_WAIT_S", 60.0)
    monkeypatch.setattr("barograph.collectors.systemd_bus._TIMEOUT_S", 60.0)


@needs_dbus
@pytest.mark.usefixtures("patient")
def test_units_as_systemd_tells_them(tmp_path: Path) -> None:
    with system_bus(tmp_path) as systemd:
        systemd.units = [
            ("ssh.service", "active"),
            ("apt.timer", "active"),
            ("cups.socket", "failed"),
            ("home.mount", "active"),
            ("x.service", "inactive"),
        ]
        systemd.properties = {
            "manager": {
                "Version": ("s", "252.38-1~deb12u1"),
                "SystemState": ("s", "running"),
                "Virtualization": ("s", "kvm"),
            },
            "ssh.service": {
                "Type": ("s", "notify"),
                "NRestarts": ("u", 2),
                "TasksCurrent": ("t", 3),
                "TasksMax": ("t", 2**64 - 1),
                "ActiveEnterTimestamp": ("t", 1_600_000_000_000_000),
            },
            "apt.timer": {"LastTriggerUSec": ("t", 1_500_000)},
            "cups.socket": {"NAccepted": ("u", 7), "NConnections": ("u", 1), "NRefused": ("u", 4)},
            "x.service": {
                "Type": ("s", "simple"),
                "NRestarts": ("u", 0),
                "TasksCurrent": ("t", 0),
                "TasksMax": ("t", 9),
            },
        }
        host, _ = host_at(tmp_path)
        collector = SystemdCollector(host, _EVERYTHING)
        batch = collector.collect(1)
        found = as_dict(batch)
        assert {family.name for family in batch.schema.families} == {family.name for family in FAMILIES}
        assert found['node_systemd_version{version="252.38-1~deb12u1"}'] == 252.38
        assert found["node_systemd_system_running"] == 1
        assert found['node_systemd_virtualization_info{virtualization_type="kvm"}'] == 1
        assert [found[f'node_systemd_units{{state="{s}"}}'] for s in ("active", "failed", "inactive")] == [3, 1, 1]
        assert found['node_systemd_unit_state{name="ssh.service", state="active", type="notify"}'] == 1
        assert found['node_systemd_unit_state{name="ssh.service", state="failed", type="notify"}'] == 0
        assert found['node_systemd_unit_state{name="cups.socket", state="failed"}'] == 1
        assert not any("home.mount" in series for series in found)
        assert found['node_systemd_service_restart_total{name="ssh.service"}'] == 2
        assert found['node_systemd_unit_tasks_current{name="ssh.service"}'] == 3
        assert 'node_systemd_unit_tasks_max{name="ssh.service"}' not in found
        assert found['node_systemd_unit_start_time_seconds{name="ssh.service"}'] == 1_600_000_000
        assert found['node_systemd_unit_start_time_seconds{name="x.service"}'] == 0
        assert found['node_systemd_timer_last_trigger_seconds{name="apt.timer"}'] == 1.5
        assert found['node_systemd_socket_accepted_connections_total{name="cups.socket"}'] == 7
        assert found['node_systemd_socket_refused_connections_total{name="cups.socket"}'] == 4
        collector.close()


@needs_dbus
@pytest.mark.usefixtures("patient")
def test_what_is_asked_for_is_what_is_shown_until_it_is_old(tmp_path: Path) -> None:
    host, clock = host_at(tmp_path)
    collector = SystemdCollector(host, SystemdConfig(unit_include="a\\..+", unit_exclude="nothing"))
    with system_bus(tmp_path) as systemd:
        systemd.units = [("a.service", "active"), ("ba.service", "active"), ("a.slice", "active")]
        found = as_dict(collector.collect(1))
        assert {s.partition('name="')[2].partition('"')[0] for s in found if "unit_state" in s} == {
            "a.service",
            "a.slice",
        }
        systemd.units = [("a.service", "failed")]
        assert as_dict(collector.collect(2)) == found
        clock.advance(5)
        collector.collect(3)
        collector.join()
        assert as_dict(collector.collect(4))['node_systemd_unit_state{name="a.service", state="failed"}'] == 1
        systemd.fails = True
        for _ in range(5):
            clock.advance(5)
            try:
                collector.collect(5)
            except CollectError as error:
                assert "it refused: not today" in str(error)
            collector.join()
        with pytest.raises(CollectError, match="systemd does not answer at "):
            collector.collect(6)


def test_without_a_bus(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="there is no system bus"):
        SystemdCollector(host_at(tmp_path)[0], SystemdConfig()).collect(1)


def test_a_bus_that_is_silent(tmp_path: Path) -> None:
    (tmp_path / "run/dbus").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "run/dbus/system_bus_socket"))
        silent.listen()
        collector = SystemdCollector(host_at(tmp_path)[0], SystemdConfig())
        with pytest.raises(NoDataError, match="systemd has not answered yet"):
            collector.collect(1)
    collector.join()
    with pytest.raises(CollectError, match="systemd does not answer at "):
        collector.collect(2)


@pytest.mark.parametrize(("version", "number"), [("252", 252.0), ("v9", 0.0), ("250.4.1", 250.4), ("255~rc1", 255.0)])
def test_versions(version: str, number: float) -> None:
    assert systemd_families._version(version) == number


def test_options_that_cannot_be(tmp_path: Path) -> None:
    host, _ = host_at(tmp_path)
    with pytest.raises(ConfigError, match="1s is the shortest"):
        SystemdCollector(host, SystemdConfig(refresh=Duration(10)))
    with pytest.raises(ConfigError) as caught:
        SystemdCollector(host, SystemdConfig(unit_include="("))
    assert caught.value.path == "collectors.systemd.unit_include"
