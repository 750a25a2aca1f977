import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.collectors.exec_programs import ENTRY, ExecCollector, ExecConfig, ExecProgram
from barograph.collectors.procfs import Paths
from barograph.model.errors import ConfigError, NoDataError
from barograph.model.units import Duration, Size
from helpers.clock import FakeClock
from helpers.collectors import as_dict, host_of
from helpers.server import eventually

_USER = "root" if os.geteuid() == 0 else "nobody"


def program(code: str, name: str = "one", timeout: str = "1m", **more: object) -> ExecProgram:
    command = (sys.executable, "-c", code)
    return ExecProgram(name=name, command=command, user=_USER, timeout=Duration.parse(timeout), **more)  # type: ignore[arg-type]


def collector(*programs: ExecProgram) -> ExecCollector:
    return ExecCollector(host_of(Paths()), ExecConfig(programs=programs))


def after_a_run(running: ExecCollector) -> dict[str, float]:
    running.collect(1)
    for one in running._programs:
        one.join()
    return as_dict(running.collect(2))


def test_what_programs_say() -> None:
    running = collector(
        program("print('# TYPE a gauge\\na{x=\"y\"} 1\\nb 2')"),
        program("print('b 3')", "two"),
        program("print('c 4')", "three"),
    )
    batch_families = {family.name for family in ENTRY.families}
    found = after_a_run(running)
    assert (found['a{x="y"}'], found["b"], found["c"]) == (1, 2, 4)
    assert found['barograph_exec_success{program="one"}'] == 1
    assert found['barograph_exec_duration_seconds{program="two"}'] >= 0
    assert batch_families >= {
        "barograph_exec_success",
        "barograph_exec_duration_seconds",
        "barograph_exec_failures_total",
    }
    running.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import time; print('a 1', flush=True); time.sleep(60)", "timeout"),
        ("import os; os.close(1); import time; time.sleep(60)", "timeout"),
        ("while True: print('a 1')", "output"),
        ("print('a 1'); raise SystemExit(3)", "status"),
        ("print('a{ 1')", "format"),
    ],
)
def test_what_goes_wrong_is_told_by_reason(code: str, reason: str) -> None:
    timeout = "500ms" if reason == "timeout" else "1m"
    found = after_a_run(collector(program(code, timeout=timeout, max_output=Size.parse("64KiB"))))
    assert found[f'barograph_exec_failures_total{{program="one", reason="{reason}"}}'] == 1
    assert found['barograph_exec_success{program="one"}'] == 0
    assert "a" not in found


def test_a_program_that_is_not_there() -> None:
    missing = ExecProgram(name="one", command=("/nonexistent/program",), user=_USER)
    assert after_a_run(collector(missing))['barograph_exec_failures_total{program="one", reason="start"}'] == 1


def test_what_it_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], stdout=subprocess.DEVNULL)\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\nprint('a 1')"
    )
    assert after_a_run(collector(program(code)))["a"] == 1
    stat = Path(f"/proc/{pid_file.read_text()}/stat")

    def is_gone() -> bool:
        try:
            return stat.read_text().rpartition(") ")[2][0] in "ZX"  # whoever adopted it may not have looked yet
        except OSError:
            return True

    eventually(is_gone, what="the end of what it started")


def test_it_has_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAROGRAPH_TOKEN", "secret")
    code = (
        "import os,sys; print('a', len([k for k in os.environ if 'BAROGRAPH' in k])); print('b', len(sys.stdin.read()))"
    )
    found = after_a_run(collector(program(code)))
    assert (found["a"], found["b"]) == (0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")
def test_it_runs_as_an_unprivileged_user() -> None:
    command = ("/usr/bin/env", "sh", "-c", "echo a $(id -u); echo b $(id -G | wc -w)")
    one = ExecProgram(name="one", command=command, timeout=Duration.parse("1m"))
    found = after_a_run(collector(one))
    assert found["a"] == 65534
    assert found["b"] == 1


def test_it_runs_once_an_interval_and_is_forgotten_when_it_fails_for_long(tmp_path: Path) -> None:
    clock = FakeClock()
    count = tmp_path / "count"
    code = (
        f"f = open({str(count)!r}, 'a'); f.write('x'); f.close()\n"
        f"import os; size = os.stat({str(count)!r}).st_size; print('a', size); raise SystemExit(size > 1)"
    )
    host = host_of(Paths())
    running = ExecCollector(
        type(host)(paths=host.paths, clock=clock, stat=host.stat, processes=host.processes, cgroups=host.cgroups),
        ExecConfig(programs=(program(code),)),
    )
    assert after_a_run(running)["a"] == 1
    assert after_a_run(running)["a"] == 1
    clock.advance(60)
    assert after_a_run(running)["a"] == 1
    assert count.read_text() == "xx"
    clock.advance(300)
    assert "a" not in as_dict(running.collect(9))
    for one in running._programs:
        one.join()  # the clock that moves on would end it
    running.close()
    clock.advance(300)
    running.collect(10)
    for one in running._programs:
        one.join()
    assert len(count.read_text()) == 3


@pytest.mark.parametrize(
    ("entry", "key", "words"),
    [
        (ExecProgram(name="a", command=()), "command", "whole path"),
        (ExecProgram(name="a", command=("ls",)), "command", "whole path"),
        (ExecProgram(name="a", command=("/bin/ls",), interval=Duration(10)), "interval", "1s is the shortest"),
        (ExecProgram(name="a", command=("/bin/ls",), timeout=Duration.parse("2m")), "timeout", "at most the interval"),
        (ExecProgram(name="a", command=("/bin/ls",), timeout=Duration(0)), "timeout", "more than nothing"),
    ],
)
def test_programs_that_cannot_be(entry: ExecProgram, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        collector(program("1", "first"), entry)
    assert caught.value.path == f"collectors.exec.programs[1].{key}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")
def test_a_user_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="there is no user 'nosuch'"):
        collector(ExecProgram(name="a", command=("/bin/ls",), user="nosuch"))


def test_two_of_one_name_and_none_at_all() -> None:
    with pytest.raises(ConfigError, match="'one' is the name of two programs"):
        collector(program("1"), program("2"))
    with pytest.raises(NoDataError, match="no program is configured"):
        collector().collect(1)


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="giving capabilities away needs some first"
)
def test_a_program_has_no_capability_of_the_server() -> None:
    code = (
        "from barograph.collectors.program import Limits, run_program\n"
        "from barograph.model.clock import SystemClock\n"
        "command = ('/bin/cat', '/proc/self/status')\n"
        "limits = Limits(command=command, timeout_s=60, max_output_bytes=100_000, account=None)\n"
        "print(run_program(limits, SystemClock()).output.decode(), open('/proc/thread-self/status').read())\n"
    )
    given = "-all,+dac_read_search"
    setpriv = ["setpriv", "--reuid", "65532", "--clear-groups", "--inh-caps", given, "--ambient-caps", given, "--"]
    said = subprocess.run([*setpriv, sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    effective = [line.split()[1] for line in said.splitlines() if line.startswith("CapEff")]
    assert [int(bits, 16) for bits in effective] == [0, 0b100]
