import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.collectors.process import files, record, table
from barograph.collectors.process.naming import ProcessNaming
from barograph.collectors.process_groups import ENTRY, ProcessCollector, ProcessConfig
from barograph.collectors.procfs import Paths
from barograph.model.errors import ConfigError, NoDataError
from barograph.model.processes import UNKNOWN, Measure, ProcessSample
from helpers.collectors import as_dict, host_in, host_of

_PAGE = os.sysconf("SC_PAGE_SIZE")


def _group(found: dict[str, float], name: str) -> dict[str, float]:
    """Return a group's values by family, without the prefix and the group's label."""
    label = f'groupname="{name}"'
    return {
        key.replace(label, "")
        .replace("{, ", "{")
        .replace(", }", "}")
        .replace("{}", "")
        .removeprefix("namedprocess_namegroup_"): v
        for key, v in found.items()
        if label in key
    }


def _edit(path: Path, place: int, value: int) -> None:
    """Change a word of a stat file, counted from the state."""
    head, _, rest = path.read_text().rpartition(") ")
    words = rest.split()
    words[place] = str(value)
    path.write_text(f"{head}) {' '.join(words)}\n")


@pytest.mark.parametrize("kept", [0, 4, 40_000])
def test_groups_as_process_exporter_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr(files, "_MOST_KEPT", kept)
    collector = ProcessCollector(host_in(tmp_path, "process"), ProcessConfig())
    batch = collector.collect(1000)
    first = as_dict(batch)
    assert {key.partition('groupname="')[2].partition('"')[0] for key in first if "groupname" in key} == {
        "kernel",
        "nginx",
        "post gres)",
        "systemd",
    }
    # what was done before is nobody's: counters begin with the program
    assert _group(first, "post gres)") == {
        "num_procs": 1,
        'cpu_seconds_total{mode="user"}': 0,
        'cpu_seconds_total{mode="system"}': 0,
        "read_bytes_total": 0,
        "write_bytes_total": 0,
        "major_page_faults_total": 0,
        "minor_page_faults_total": 0,
        'context_switches_total{ctxswitchtype="voluntary"}': 0,
        'context_switches_total{ctxswitchtype="nonvoluntary"}': 0,
        'memory_bytes{memtype="resident"}': 300 * _PAGE,
        'memory_bytes{memtype="virtual"}': 5000,
        'memory_bytes{memtype="swapped"}': 0,
        "oldest_start_time_seconds": 1_600_000_009,
        "num_threads": 8,
        **{
            f'states{{state="{state}"}}': float(state == "Running")
            for state in ("Running", "Sleeping", "Waiting", "Zombie", "Other")
        },
    }
    _edit(tmp_path / "proc/42/stat", 11, 350)
    _edit(tmp_path / "proc/42/stat", 9, 4)
    (tmp_path / "proc/42/io").write_text("rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 5000\nwrite_bytes: 250\n")
    again = collector.collect(2000)
    assert again.schema is batch.schema
    second = _group(as_dict(again), "post gres)")
    assert second['cpu_seconds_total{mode="user"}'] == 1.5
    assert second["major_page_faults_total"] == 3
    assert (second["read_bytes_total"], second["write_bytes_total"]) == (4900, 50)
    # it ends: its counters stay, what it held is given back
    shutil.rmtree(tmp_path / "proc/42")
    third = _group(as_dict(collector.collect(3000)), "post gres)")
    assert third['cpu_seconds_total{mode="user"}'] == 1.5
    assert (third["num_procs"], third['memory_bytes{memtype="resident"}'], third["num_threads"]) == (0, 0, 0)
    assert third["oldest_start_time_seconds"] == 0
    collector.close()


def test_a_process_is_seen_again_at_the_same_instant_only_once(tmp_path: Path) -> None:
    collector = ProcessCollector(host_in(tmp_path, "process"), ProcessConfig())
    samples: list[ProcessSample] = []
    collector.sink = samples.append
    collector.collect(1000)
    collector.collect(1000)
    assert len(samples) == 1


def _samples(tmp_path: Path, top: int = 10) -> tuple[ProcessCollector, list[ProcessSample]]:
    collector = ProcessCollector(host_in(tmp_path, "process"), ProcessConfig(top=top))
    samples: list[ProcessSample] = []
    collector.sink = samples.append
    return collector, samples


def test_what_the_flight_recorder_is_given(tmp_path: Path) -> None:
    collector, samples = _samples(tmp_path, top=1)
    collector.collect(1000)
    first = samples[0]
    assert (first.at_ms, first.interval_ms, first.started, first.ended) == (1000, 0, (), ())
    # by memory alone, since nobody knows yet what anyone did
    assert [facts.name for facts in first.facts] == ["post gres)"]
    facts = first.facts[0]
    assert facts.command == "/usr/lib/postgres -D /data --password=***"
    assert (facts.pid, facts.start_ms, facts.user, facts.unit) == (
        42,
        1_600_000_009_000,
        "postgres",
        "postgresql.service",
    )
    _edit(tmp_path / "proc/1/stat", 12, 80)
    _edit(tmp_path / "proc/99/stat", 9, 6)
    (tmp_path / "proc/2/io").write_text("rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 0\nwrite_bytes: 4096\n")
    collector.collect(3000)
    second = samples[1]
    rows = {facts.name: numbers for facts, numbers in zip(second.facts, second.numbers, strict=True)}
    assert second.interval_ms == 2000
    assert list(rows) == ["systemd", "kthreadd", "nginx", "post gres)"]
    assert rows["systemd"][Measure.SYSTEM_MS] == 300
    assert rows["kthreadd"][Measure.WRITE_BYTES] == 4096
    assert rows["nginx"][Measure.MAJOR_FAULTS] == 5
    assert rows["post gres)"][Measure.RSS_BYTES] == 300 * _PAGE
    assert rows["nginx"][Measure.OPEN_FILES] == UNKNOWN
    assert rows["nginx"][Measure.STATE] == ord("D")
    assert second.facts[2].container == "ab" * 32
    assert second.facts[2].user == "4711"


def test_who_comes_and_who_goes(tmp_path: Path) -> None:
    collector, samples = _samples(tmp_path)
    collector.collect(1000)
    shutil.copytree(tmp_path / "proc/42", tmp_path / "proc/43")
    shutil.rmtree(tmp_path / "proc/99")
    found = as_dict(collector.collect(2000))
    last = samples[-1]
    assert [facts.pid for facts in last.started] == [43]
    assert [facts.pid for facts in last.ended] == [99]
    # all that it did, it did since the pass before
    row = last.numbers[[facts.pid for facts in last.facts].index(43)]
    assert (row[Measure.USER_MS], row[Measure.SYSTEM_MS], row[Measure.READ_BYTES], row[Measure.SWITCHES]) == (
        2000,
        1000,
        100,
        100,
    )
    group = _group(found, "post gres)")
    assert (group["num_procs"], group['cpu_seconds_total{mode="user"}'], group["read_bytes_total"]) == (2, 2.0, 100)
    assert group['context_switches_total{ctxswitchtype="voluntary"}'] == 70


def test_who_started_it_is_known_after_that_one_is_gone(tmp_path: Path) -> None:
    collector, samples = _samples(tmp_path)
    _edit(tmp_path / "proc/1/stat", 1, 0)
    collector.collect(1000)
    shutil.copytree(tmp_path / "proc/42", tmp_path / "proc/50")
    _edit(tmp_path / "proc/50/stat", 1, 42)
    collector.collect(2000)
    shutil.rmtree(tmp_path / "proc/42")
    shutil.copytree(tmp_path / "proc/50", tmp_path / "proc/51")
    _edit(tmp_path / "proc/51/stat", 1, 50)
    collector.collect(3000)
    (started,) = samples[-1].started
    above = samples[0].facts[[facts.pid for facts in samples[0].facts].index(42)].lineage
    assert started.lineage == ((50, "post gres)"), (42, "post gres)"), *above)


def test_a_chain_of_parents_has_an_end(tmp_path: Path) -> None:
    collector, samples = _samples(tmp_path)
    # no kernel makes a ring of parents; a tree in a folder might
    _edit(tmp_path / "proc/42/stat", 1, 99)
    _edit(tmp_path / "proc/99/stat", 1, 42)
    collector.collect(1000)
    assert {len(facts.lineage) for facts in samples[0].facts if facts.pid in (42, 99)} <= {16, 0}


def test_a_number_given_to_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # without a kept descriptor only the start tells them apart
    monkeypatch.setattr(files, "_MOST_KEPT", 0)
    collector, samples = _samples(tmp_path)
    collector.collect(1000)
    _edit(tmp_path / "proc/42/stat", 19, 960)
    collector.collect(2000)
    last = samples[-1]
    assert [(facts.pid, facts.start_ms % 100_000) for facts in last.ended] == [(42, 9000)]
    assert [(facts.pid, facts.start_ms % 100_000) for facts in last.started] == [(42, 9600)]


def test_a_process_that_becomes_another_program(tmp_path: Path) -> None:
    collector, _ = _samples(tmp_path)
    collector.collect(1000)
    text = (tmp_path / "proc/1/stat").read_text()
    (tmp_path / "proc/1/stat").write_text(text.replace("(systemd)", "(busybox)"))
    (tmp_path / "proc/1/cmdline").write_bytes(b"busybox\0init\0")
    found = as_dict(collector.collect(2000))
    assert _group(found, "systemd")["num_procs"] == 0
    assert _group(found, "busybox")["num_procs"] == 1


def test_groups_have_a_limit(tmp_path: Path) -> None:
    host = host_in(tmp_path, "process")
    collector = ProcessCollector(host, ProcessConfig(max_groups=2))
    found = as_dict(collector.collect(1000))
    assert _group(found, "other")["num_procs"] == 2
    # a group that was empty for an hour makes room
    names = {key.partition('groupname="')[2].partition('"')[0] for key in found if "groupname" in key}
    kept = sorted(names - {"other"})[0]
    pid = {"systemd": 1, "post gres)": 42, "nginx": 99, "kernel": 2}[kept]
    shutil.rmtree(tmp_path / f"proc/{pid}")
    collector.collect(2000)
    shutil.copytree(tmp_path / "proc/1" if pid != 1 else tmp_path / "proc/42", tmp_path / "proc/77")
    text = (tmp_path / "proc/77/stat").read_text()
    (tmp_path / "proc/77/stat").write_text("77 (late) " + text.rpartition(") ")[2])
    found = as_dict(collector.collect(2000 + 3_600_000))
    assert _group(found, "late")["num_procs"] == 1
    assert not _group(found, kept)


def test_unnamed_processes_are_in_no_group(tmp_path: Path) -> None:
    config = ProcessConfig(names=(ProcessNaming(name="db", comm=("post gres)",)),))
    found = as_dict(ProcessCollector(host_in(tmp_path, "process"), config).collect(1000))
    assert _group(found, "db")["num_procs"] == 1
    assert _group(found, "kernel")["num_procs"] == 1
    assert not _group(found, "systemd")


def test_introductions_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_INTRODUCED_S", -1.0)
    collector, samples = _samples(tmp_path)
    assert not _group(as_dict(collector.collect(1000)), "systemd")
    assert {facts.command for facts in samples[0].facts} == {""}
    monkeypatch.setattr(table, "_INTRODUCED_S", 1.0)
    assert _group(as_dict(collector.collect(2000)), "systemd")["num_procs"] == 1


def test_io_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def guarded(path: str, flags: int) -> int:
        if str(path).endswith("99/io"):
            raise PermissionError(13, "no")
        return opened(path, flags)

    for kept in (0, 40_000):
        monkeypatch.setattr(files, "_MOST_KEPT", kept)
        monkeypatch.setattr(os, "open", guarded)
        collector, samples = _samples(tmp_path / str(kept))
        collector.collect(1000)
        collector.collect(2000)
        row = samples[1].numbers[[facts.pid for facts in samples[1].facts].index(99)]
        assert (row[Measure.READ_BYTES], row[Measure.WRITE_BYTES]) == (UNKNOWN, UNKNOWN)
        assert not samples[1].ended
        monkeypatch.setattr(os, "open", opened)
        collector.close()


@pytest.mark.parametrize("kept", [0, 40_000])
def test_io_that_may_be_read_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr(files, "_MOST_KEPT", kept)
    collector, samples = _samples(tmp_path)
    collector.collect(1000)
    (tmp_path / "proc/99/io").write_text("none")
    collector.collect(2000)
    collector.collect(3000)
    row = samples[2].numbers[[facts.pid for facts in samples[2].facts].index(99)]
    assert row[Measure.READ_BYTES] == UNKNOWN
    assert not samples[1].ended
    assert as_dict(collector.collect(4000))["namedprocess_scrape_partial_errors"] == 1


def test_users_get_their_names_when_the_file_changes(tmp_path: Path) -> None:
    collector, samples = _samples(tmp_path)
    collector.collect(1000)
    (tmp_path / "etc/passwd").write_text("web:x:4711:4711::/:/bin/sh\n")
    collector.collect(2000)
    assert {facts.pid: facts.user for facts in samples[1].facts}[99] == "web"


def test_live_processes(tmp_path: Path) -> None:
    collector = ProcessCollector(host_of(Paths()), ProcessConfig(top=100_000))  # ours may be none of the busiest
    samples: list[ProcessSample] = []
    collector.sink = samples.append
    collector.collect(1000)
    code = """if True:
        import os, sys
        with open(sys.argv[1], "wb") as file:
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
        sum(range(9_000_000))
        print(flush=True)
        input()
    """
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "x"), "--token=s3cret"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        collector.collect(2000)
        child.communicate(b"\n")
    collector.collect(3000)
    row = {facts.pid: numbers for facts, numbers in zip(samples[1].facts, samples[1].numbers, strict=True)}[child.pid]
    assert row[Measure.USER_MS] > 0
    assert row[Measure.WRITE_BYTES] >= 1 << 20
    facts = next(facts for facts in samples[1].started if facts.pid == child.pid)
    assert facts.command.endswith("--token=***")
    assert facts.lineage[0][0] == os.getpid()
    assert child.pid in {facts.pid for facts in samples[2].ended}
    opened = len(list(Path("/proc/self/fd").iterdir()))
    collector.close()
    assert len(list(Path("/proc/self/fd").iterdir())) < opened


def test_without_processes(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        ProcessCollector(host_in(tmp_path), ProcessConfig()).collect(1)


@pytest.mark.parametrize("key", ["top", "max_groups"])
def test_limits_that_are_none(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="0 is too few") as caught:
        ProcessCollector(host_in(tmp_path), ProcessConfig(**{key: 0}))  # type: ignore[arg-type]
    assert caught.value.path == f"collectors.process.{key}"


def test_boot_time_is_absent(tmp_path: Path) -> None:
    host = host_in(tmp_path, "process")
    (tmp_path / "proc/stat").unlink()
    collector = ProcessCollector(host, ProcessConfig())
    samples: list[ProcessSample] = []
    collector.sink = samples.append
    collector.collect(1000)
    assert {facts.start_ms for facts in samples[0].facts if facts.pid == 1} == {5 * record.TICK_MS}


def test_the_entry_names_every_family(tmp_path: Path) -> None:
    batch = ENTRY.factory(host_in(tmp_path, "process"), ProcessConfig()).collect(1)
    assert set(batch.schema.families) == set(ENTRY.families)
