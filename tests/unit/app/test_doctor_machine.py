from pathlib import Path

import pytest

from barograph.app.doctor_machine import examine_machine, is_roots
from barograph.app.finding import Finding, Level
from barograph.collectors.procfs import Paths


def machine(folder: Path, capabilities: int = (1 << 41) - 1, *, has_pressure: bool = True) -> Paths:
    """A proc file system of one process."""
    (folder / "self").mkdir(parents=True)
    (folder / "self" / "status").write_text(f"Name:\tx\nCapEff:\t{capabilities:016x}\n")
    if has_pressure:
        (folder / "pressure").mkdir()
        (folder / "pressure" / "cpu").write_text("some avg10=0.00\n")
    return Paths(procfs=folder)


def topic(found: list[Finding], name: str) -> Finding:
    return next(finding for finding in found if finding.topic == name)


def test_a_machine_that_has_everything(tmp_path: Path) -> None:
    found = examine_machine(machine(tmp_path / "proc"))
    assert {finding.topic for finding in found} == {"SQLite", "privileges", "pressure", "clock", "open files"}
    for name in ("SQLite", "privileges", "pressure"):
        assert topic(found, name).level == Level.GOOD


def test_what_a_capability_would_add_is_said(tmp_path: Path) -> None:
    found = topic(examine_machine(machine(tmp_path / "proc", 1 << 19)), "privileges")
    assert found.level == Level.ADVICE
    assert "CAP_DAC_READ_SEARCH" in found.words
    assert "CAP_SYS_PTRACE" not in found.words
    assert "packaging/barograph.service" in found.remedy


def test_a_kernel_without_pressure_and_a_process_that_is_not_ours(tmp_path: Path) -> None:
    paths = machine(tmp_path / "proc", has_pressure=False)
    found = examine_machine(paths, "4242")
    assert "psi=1" in topic(found, "pressure").remedy
    assert "cannot be read" in topic(found, "privileges").words


def test_an_old_sqlite_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.app.doctor_machine.apsw.sqlite_lib_version", lambda: "3.40.1")
    found = topic(examine_machine(machine(tmp_path / "proc")), "SQLite")
    assert found.level == Level.PROBLEM
    assert "3.40.1" in found.words


class Adjtimex:
    def __init__(self, state: int) -> None:
        self.adjtimex = lambda _: state


@pytest.mark.parametrize(("state", "level"), [(0, Level.GOOD), (5, Level.ADVICE), (-1, Level.FACT)])
def test_a_clock_that_nobody_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: int, level: Level) -> None:
    monkeypatch.setattr("barograph.app.doctor_machine.ctypes.CDLL", lambda *_, **__: Adjtimex(state))
    assert topic(examine_machine(machine(tmp_path / "proc")), "clock").level == level


@pytest.mark.parametrize(("hard", "level"), [("256", Level.ADVICE), ("unlimited", Level.GOOD), ("65536", Level.GOOD)])
def test_few_open_files_of_the_process_that_serves(tmp_path: Path, hard: str, level: Level) -> None:
    paths = machine(tmp_path / "proc")
    assert topic(examine_machine(paths, "4242"), "open files").level == Level.FACT
    (paths.procfs / "4242").mkdir()
    (paths.procfs / "4242" / "limits").write_text(
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        f"Max open files            256                  {hard:20} files     \n"
    )
    assert topic(examine_machine(paths, "4242"), "open files").level == level


@pytest.mark.parametrize(("uids", "is_so"), [("1000\t0\t0\t0", True), ("0\t1000\t0\t0", False)])
def test_who_a_process_runs_as(tmp_path: Path, uids: str, is_so: bool) -> None:
    paths = machine(tmp_path / "proc")
    assert not is_roots(paths, "4242")
    (paths.procfs / "4242").mkdir()
    (paths.procfs / "4242" / "status").write_text(f"Name:\tx\nUid:\t{uids}\n")
    assert is_roots(paths, "4242") == is_so
