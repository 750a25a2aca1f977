import subprocess
import sys
from pathlib import Path

import pytest

from barograph.collectors.process import files
from barograph.collectors.processes import ProcessesCollector, ProcessesConfig
from barograph.collectors.procfs import Paths
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in, host_of


@pytest.mark.parametrize("kept", [0, 512])
def test_states_and_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr(files, "_MOST_KEPT", kept)
    collector = ProcessesCollector(host_in(tmp_path, "processes"), ProcessesConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_processes_max_processes": 32768,
        "node_processes_max_threads": 15721,
        "node_processes_pids": 3,
        'node_processes_state{state="I"}': 1,
        'node_processes_state{state="R"}': 1,
        'node_processes_state{state="S"}': 1,
        "node_processes_threads": 10,
    }
    assert collector.collect(2).schema is batch.schema
    (tmp_path / "proc/42/stat").unlink()
    (tmp_path / "proc/42").rmdir()
    (tmp_path / "proc/99").mkdir()  # gone between the listing and the reading
    assert as_dict(collector.collect(3))["node_processes_pids"] == 2
    collector.close()


def test_processes_that_come_and_go() -> None:
    collector = ProcessesCollector(host_of(Paths()), ProcessesConfig())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        before = as_dict(collector.collect(1))["node_processes_pids"]
        opened = len(list(Path("/proc/self/fd").iterdir()))
        child.communicate(b"\n")
    after = as_dict(collector.collect(2))["node_processes_pids"]
    assert before >= 2
    assert after > 0
    collector.close()
    assert len(list(Path("/proc/self/fd").iterdir())) < opened


def test_nothing_there_and_odd_content(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="does not exist"):
        ProcessesCollector(host_in(tmp_path), ProcessesConfig()).collect(1)
    host = host_in(tmp_path, "processes")
    (tmp_path / "proc/sys/kernel/pid_max").write_text("many")
    with pytest.raises(CollectError, match="pid_max holds no number"):
        ProcessesCollector(host, ProcessesConfig()).collect(1)


def test_a_process_whose_file_is_odd_is_left_out(tmp_path: Path) -> None:
    host = host_in(tmp_path, "processes")
    (tmp_path / "proc/1/stat").write_text("1 (init) S 0")
    assert as_dict(ProcessesCollector(host, ProcessesConfig()).collect(1))["node_processes_pids"] == 2
    assert host.processes.unreadable == 1
