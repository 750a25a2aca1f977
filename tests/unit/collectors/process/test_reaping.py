import subprocess
import sys
import time
from pathlib import Path

import pytest

from barograph.collectors.process.reaping import Reaping
from barograph.collectors.process.record import Pass, Process
from barograph.collectors.process_groups import ProcessCollector, ProcessConfig
from barograph.collectors.procfs import Paths
from barograph.model.processes import Measure, ProcessSample
from helpers.collectors import host_of

_STAT = b"%d (x) S %d 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"


def _process(pid: int, parent: int, io: tuple[int, int], before: tuple[int, int], changed: int = 7) -> Process:
    process = Process(str(pid), -1, _STAT % (pid, parent))
    process.io, process.before_io, process.changed = io, before, changed
    return process


def _settled(reaping: Reaping, living: list[Process], ended: list[Process], number: int = 7) -> None:
    found = Pass(number, 1000, 1000, {process.pid: process for process in living})
    found.ended.extend(ended)
    reaping.settle(found)


def test_what_a_child_did_is_not_its_parents() -> None:
    shell = _process(10, 1, (5000, 900), (100, 0))
    _settled(Reaping(), [shell], [_process(11, 10, (4800, 0), (0, 0))])
    assert shell.before_io == (4900, 0)  # 100 bytes of its own are left


def test_what_a_child_did_after_it_was_seen_last_is_still_somebodys() -> None:
    shell = _process(10, 1, (5000, 0), (0, 0))
    _settled(Reaping(), [shell], [_process(11, 10, (4000, 0), (0, 0))])
    assert shell.before_io == (4000, 0)


def test_who_ended_together_leave_to_the_next_that_lives() -> None:
    first, shell, make = _process(10, 1, (300, 0), (0, 0)), _process(11, 10, (100, 0), (0, 0)), (50, 0)
    _settled(Reaping(), [first], [_process(12, 11, make, (0, 0)), shell])
    assert first.before_io == (150, 0)


def test_a_parent_that_was_read_too_early_is_relieved_at_the_next_pass_and_no_later() -> None:
    reaping = Reaping()
    shell = _process(10, 1, (100, 0), (100, 0), changed=6)
    _settled(reaping, [shell], [_process(11, 10, (4000, 0), (0, 0))])
    assert shell.before_io == (100, 0)
    shell.io, shell.changed = (4100, 0), 8
    _settled(reaping, [shell], [], number=8)
    assert shell.before_io == (4100, 0)
    shell.io, shell.changed = (9100, 0), 9
    _settled(reaping, [shell], [], number=9)
    assert shell.before_io == (4100, 0)


def test_nobody_is_left_and_nothing_is_done() -> None:
    shell = _process(10, 1, (100, 0), (0, 0))
    _settled(Reaping(), [shell], [_process(11, 99, (50, 0), (0, 0)), _process(12, 10, (0, 0), (0, 0))])
    assert shell.before_io == (0, 0)


def test_a_live_shell_does_not_write_what_its_child_wrote(tmp_path: Path) -> None:
    collector = ProcessCollector(host_of(Paths()), ProcessConfig(top=100_000))  # ours may be none of the busiest
    samples: list[ProcessSample] = []
    collector.sink = samples.append
    # of this file alone: to have all of a busy machine's written may take minutes
    write = "file = open(sys.argv[1], 'wb', 0); file.write(os.urandom(1 << 20)); os.fsync(file.fileno())"
    code = f"import os, sys; {write}; print(flush=True); input()"
    shell = ["sh", "-c", f'{sys.executable} -c "{code}" {tmp_path / "x"}; read line; exit 0']
    with subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        collector.collect(1000)
        parent.stdout.readline()
        collector.collect(2000)
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        for second in range(3, 3000):
            collector.collect(second * 1000)
            if any(facts.lineage and facts.lineage[0][0] == parent.pid for facts in samples[-1].ended):
                break
            time.sleep(0.02)
        collector.collect(3_000_000)
        parent.communicate(b"\n")
    collector.close()
    own = [
        int(numbers[Measure.WRITE_BYTES])
        for sample in samples
        for facts, numbers in zip(sample.facts, sample.numbers, strict=True)
        if facts.pid == parent.pid
    ]
    child = [
        int(numbers[Measure.WRITE_BYTES])
        for sample in samples
        for facts, numbers in zip(sample.facts, sample.numbers, strict=True)
        if facts.lineage and facts.lineage[0][0] == parent.pid
    ]
    if not any(child):
        pytest.skip("this file system's writes are not counted with the process")
    assert max(child) >= 1 << 20
    assert sum(own) < 1 << 20
