# ruff: noqa: E501  a file stands in one line
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.collectors.cgroup import tree
from barograph.collectors.cgroup.membership import ContainerName
from barograph.collectors.containers import ContainersCollector, ContainersConfig
from barograph.collectors.process_groups import ProcessCollector, ProcessConfig
from barograph.model.errors import CollectError, ConfigError, NoDataError
from barograph.model.processes import ProcessSample, UnitMeasure
from helpers.collectors import as_dict, host_in, lay_out

ID = "ab" * 32
V2 = {
    "sys/fs/cgroup/cgroup.controllers": "cpu io memory pids\n",
    "sys/fs/cgroup/system.slice/ssh.service/cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 4\nnr_throttled 1\nthrottled_usec 250000\n",
    "sys/fs/cgroup/system.slice/ssh.service/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/system.slice/ssh.service/memory.current": "10000\n",
    "sys/fs/cgroup/system.slice/ssh.service/memory.max": "max\n",
    "sys/fs/cgroup/system.slice/ssh.service/memory.stat": "anon 3000\nfile 6000\nfile_mapped 7\ninactive_file 4000\npgfault 11\npgmajfault 2\n",
    "sys/fs/cgroup/system.slice/ssh.service/memory.events": "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n",
    "sys/fs/cgroup/system.slice/ssh.service/pids.current": "5\n",
    "sys/fs/cgroup/system.slice/ssh.service/io.stat": "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n252:0 \n",
    "sys/fs/cgroup/system.slice/ssh.service/cpu.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    f"sys/fs/cgroup/system.slice/docker-{ID}.scope/cpu.stat": "usage_usec 1000000\n",
    f"sys/fs/cgroup/system.slice/docker-{ID}.scope/memory.current": "77\n",
    "sys/dev/block/8:0/uevent": "MAJOR=8\nMINOR=0\nDEVNAME=sda\n",
}
V1 = {
    "sys/fs/cgroup/cpuacct/db.service/cpuacct.usage": "3000000000\n",
    "sys/fs/cgroup/cpuacct/db.service/cpuacct.stat": "user 200\nsystem 100\n",
    "sys/fs/cgroup/cpu/db.service/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 500000000\n",
    "sys/fs/cgroup/cpu/db.service/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/db.service/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/memory/db.service/memory.usage_in_bytes": "500\n",
    "sys/fs/cgroup/memory/db.service/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/memory/db.service/memory.stat": "cache 1\ntotal_cache 10\ntotal_rss 20\ntotal_inactive_file 100\n",
    "sys/fs/cgroup/memory/db.service/memory.failcnt": "6\n",
    "sys/fs/cgroup/memory/db.service/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "sys/fs/cgroup/blkio/db.service/blkio.throttle.io_service_bytes": "8:0 Read 4096\n8:0 Write 0\n8:0 Total 4096\nTotal 4096\n",
    "sys/fs/cgroup/blkio/db.service/blkio.throttle.io_serviced": "8:0 Read 1\n8:0 Write 0\n",
    "sys/fs/cgroup/pids/db.service/pids.current": "3\n",
}


def collector(folder: Path, tree: dict[str, str], max_groups: int = 100) -> ContainersCollector:
    lay_out(folder, {"etc/x": "", **tree})
    return ContainersCollector(host_in(folder), ContainersConfig(max_groups=max_groups))


def of(found: dict[str, float], name: str) -> dict[str, float]:
    """Return the values of one group by family, without the prefix; further labels stay."""
    label = f'id="{name}"'
    values = {key.removeprefix("container_").replace(label, ""): value for key, value in found.items() if label in key}
    return {
        key.replace("{, ", "{").replace(", }", "}").replace(", , ", ", ").replace("{}", ""): value
        for key, value in values.items()
    }


def test_version_2(tmp_path: Path) -> None:
    reading = collector(tmp_path, V2)
    batch = reading.collect(1)
    found = as_dict(batch)
    assert of(found, "/system.slice/ssh.service") == {
        'cpu_usage_seconds_total{cpu="total"}': 2.5,
        "cpu_user_seconds_total": 2.0,
        "cpu_system_seconds_total": 0.5,
        "cpu_cfs_periods_total": 4,
        "cpu_cfs_throttled_periods_total": 1,
        "cpu_cfs_throttled_seconds_total": 0.25,
        "spec_cpu_quota": 50_000,
        "spec_cpu_period": 100_000,
        "memory_usage_bytes": 10_000,
        "memory_working_set_bytes": 6000,
        "spec_memory_limit_bytes": 0,
        "memory_rss": 3000,
        "memory_cache": 6000,
        "memory_mapped_file": 7,
        "memory_failcnt": 3,
        "oom_events_total": 1,
        "threads": 5,
        'memory_failures_total{failure_type="pgfault", scope="hierarchy"}': 11,
        'memory_failures_total{failure_type="pgmajfault", scope="hierarchy"}': 2,
        'fs_reads_bytes_total{device="/dev/sda"}': 4096,
        'fs_writes_bytes_total{device="/dev/sda"}': 8192,
        'fs_reads_total{device="/dev/sda"}': 1,
        'fs_writes_total{device="/dev/sda"}': 2,
        "pressure_cpu_waiting_seconds_total": 1.5,
        "pressure_cpu_stalled_seconds_total": 0,
    }
    container = f'container_memory_usage_bytes{{id="/system.slice/docker-{ID}.scope", name="{ID}"}}'
    assert found[container] == 77
    assert reading.collect(2).schema is batch.schema
    reading.close()
    assert reading.collect(3).schema is batch.schema


def test_version_1(tmp_path: Path) -> None:
    assert of(as_dict(collector(tmp_path, V1).collect(1)), "/db.service") == {
        'cpu_usage_seconds_total{cpu="total"}': 3.0,
        "cpu_user_seconds_total": 2.0,
        "cpu_system_seconds_total": 1.0,
        "cpu_cfs_periods_total": 1,
        "cpu_cfs_throttled_periods_total": 1,
        "cpu_cfs_throttled_seconds_total": 0.5,
        "spec_cpu_period": 100_000,
        "memory_usage_bytes": 500,
        "memory_working_set_bytes": 400,
        "spec_memory_limit_bytes": 0,
        "memory_rss": 20,
        "memory_cache": 10,
        "memory_failcnt": 6,
        "oom_events_total": 2,
        "threads": 3,
        'fs_reads_bytes_total{device="8:0"}': 4096,
        'fs_writes_bytes_total{device="8:0"}': 0,
        'fs_reads_total{device="8:0"}': 1,
        'fs_writes_total{device="8:0"}': 0,
    }


def test_groups_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "_WALK_SAMPLES", 2)
    reading = collector(tmp_path, V2)
    reading.collect(1)
    shutil.rmtree(tmp_path / "sys/fs/cgroup/system.slice/ssh.service")
    lay_out(tmp_path, {"sys/fs/cgroup/new.service/memory.current": "1\n"})
    reading.close()  # descriptors of a plain tree outlive their files
    found = as_dict(reading.collect(2))
    assert not of(found, "/system.slice/ssh.service")
    assert of(found, "/new.service") == {"memory_usage_bytes": 1, "memory_working_set_bytes": 1}
    lay_out(tmp_path, {"sys/fs/cgroup/later.service/memory.current": "1\n"})
    reading.collect(3)
    assert of(as_dict(reading.collect(4)), "/later.service")
    reading.close()


def test_a_limit_keeps_containers_first(tmp_path: Path) -> None:
    found = as_dict(collector(tmp_path, V2, max_groups=1).collect(1))
    assert {key.partition('id="')[2].partition('"')[0] for key in found if "id=" in key} == {
        f"/system.slice/docker-{ID}.scope"
    }
    assert found["barograph_cgroups_left_out"] == 2
    with pytest.raises(ConfigError, match="0 is too few"):
        collector(tmp_path, {}, max_groups=0)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="holds no control groups"):
        collector(tmp_path, {}).collect(1)
    with pytest.raises(NoDataError, match="no control group but the root"):
        collector(tmp_path, {"sys/fs/cgroup/cgroup.controllers": ""}).collect(1)


def test_only_the_unified_half_of_a_mixed_tree(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/unified/cgroup.controllers": "",
        "sys/fs/cgroup/unified/a.service/cpu.pressure": "some avg10=0 total=5\n",
    }
    assert (
        of(as_dict(collector(tmp_path, files).collect(1)), "/a.service")["pressure_cpu_waiting_seconds_total"] == 5e-6
    )


@pytest.mark.parametrize(
    ("file", "content"),
    [("cpu.stat", "usage_usec x\n"), ("memory.current", "x\n"), ("io.stat", "8:0 rbytes=x\n"), ("cpu.max", "1 2 3\n")],
)
def test_odd_content(tmp_path: Path, file: str, content: str) -> None:
    with pytest.raises(CollectError, match="is not as the kernel writes it"):
        collector(tmp_path, {**V2, f"sys/fs/cgroup/system.slice/ssh.service/{file}": content}).collect(1)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Docker's socket, with a real server behind it that answers with what the list holds."""
    monkeypatch.setattr("barograph.collectors.cgroup.engine._TIMEOUT_S", 60.0)
    answers: list[bytes] = []
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "run/docker.sock"))
        listening.listen()

        def serve() -> None:
            while True:
                connection, _ = listening.accept()
                with connection:
                    asked = connection.recv(65536)
                    if asked.startswith(b"END"):
                        return
                    assert asked.startswith(b"GET /containers/json HTTP/1.1\r\n")
                    body = answers.pop(0)
                    head, _, rest = body.partition(b"|")
                    connection.sendall(b"HTTP/1.1 " + head + b"\r\nContent-Length: %d\r\n\r\n" % len(rest) + rest)

        thread = threading.Thread(target=serve)
        thread.start()
        yield answers
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(tmp_path / "run/docker.sock"))
            last.sendall(b"END")
        thread.join()


def test_names_of_containers(tmp_path: Path, engine: list[bytes]) -> None:
    rows = [{"Id": ID, "Names": ["/web"], "Image": "nginx:1"}, {"Id": "c" * 64, "Names": [], "Image": "x"}, 3]
    engine.append(b"200 OK|" + json.dumps(rows).encode())
    reading = collector(tmp_path, V2)
    reading.collect(1)
    reading._names.join()
    found = as_dict(reading.collect(2))
    assert f'container_memory_usage_bytes{{id="/system.slice/docker-{ID}.scope", image="nginx:1", name="web"}}' in found
    assert reading._names.name("c" * 64).name == "c" * 64


@pytest.mark.parametrize("answer", [b"500 Odd|x", b"200 OK|{}", b"200 OK|no json"])
def test_a_socket_that_does_not_tell(tmp_path: Path, engine: list[bytes], answer: bytes) -> None:
    engine.append(answer)
    reading = collector(tmp_path, V2)
    reading.collect(1)
    reading._names.join()
    assert reading._names.name(ID) == ContainerName(ID, "")
    reading.collect(2)  # and it is left alone for a while


def test_the_flight_recorder_has_the_busiest_groups(tmp_path: Path) -> None:
    host = host_in(tmp_path, "process")
    lay_out(tmp_path, V2)
    containers, processes = ContainersCollector(host, ContainersConfig()), ProcessCollector(host, ProcessConfig())
    samples: list[ProcessSample] = []
    processes.sink = samples.append
    for at_ms, usage in ((1000, 2_500_000), (2000, 4_000_000)):
        lay_out(tmp_path, {"sys/fs/cgroup/system.slice/ssh.service/cpu.stat": f"usage_usec {usage}\n"})
        containers.collect(at_ms)
        processes.collect(at_ms)
    rows = {facts.name: numbers for facts, numbers in zip(samples[1].units, samples[1].unit_numbers, strict=True)}
    assert rows["ssh.service"][UnitMeasure.CPU_MS] == 1500
    assert rows["ssh.service"][UnitMeasure.MEMORY_BYTES] == 10_000
    assert {(facts.kind, facts.name) for facts in samples[1].units} == {("unit", "ssh.service"), ("container", ID)}
