"""Our collectors beside Debian's node_exporter 1.5 on the same machine, at the same moment.

Its label sets must be ours, and our values must lie between two reads of its own. What 1.12 says otherwise than 1.5 is
named below, each with its reason.
"""

import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.flags import DISABLE_DEFAULTS, apply_flags
from barograph.collectors.procfs import Paths
from barograph.formats.exposition import parse_exposition
from barograph.model.clock import SystemClock
from barograph.model.errors import NoDataError
from barograph.model.labels import Labels
from helpers.ports import free_port
from helpers.server import eventually

pytestmark = pytest.mark.e2e

_FLAGS = [
    f"--collector.{name}"
    for name in (
        *("arp", "bonding", "conntrack", "fibrechannel", "infiniband", "ipvs", "lnstat", "mountstats", "netclass"),
        *("netdev", "netstat", "nfs", "nfsd", "qdisc", "sockstat", "softnet", "udp_queues", "wifi"),
    )
]
# families and labels that came after 1.5
_NEWER = (
    "node_softnet_backlog_len",
    "node_softnet_cpu_collision",
    "node_softnet_flow_limit",
    "node_softnet_received_rps",
)
_NEWER_FIELDS = ("node_netstat_TcpExt_TCPOFOQueue", "node_netstat_TcpExt_TCPRcvQDrop")
# gauges of sockets: each request of this test opens and closes some
_MOVING = ("node_sockstat_", "node_netstat_Tcp_CurrEstab", "node_nf_conntrack_entries", "node_udp_queues", "node_arp_")


_TRIES = 6


# Debian leaves these out by default
_ALL_DEVICES = "--collector.netdev.device-exclude=^$"
_ALL_MOUNTS = "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+)($|/)"
# 1.12 leaves zram out too
_NO_ZRAM = "--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$"
_NEWER_LABELS = ("adminstate", "rotational")
_MOVING_BY_DEFAULT = (
    *_MOVING,
    *(
        "node_filefd_allocated",
        "node_entropy",
        "node_load",
        "node_procs_",
        "node_memory_",
        "node_timex_",
        "node_pressure_",
        "node_disk_io_now",
    ),
    *("node_filesystem_", "node_time_seconds", "node_sockstat_", "node_netstat_"),
)


@contextmanager
def _node_exporter(*flags: str) -> Iterator[str]:
    program = shutil.which("prometheus-node-exporter")
    if program is None:
        pytest.skip("node_exporter is not installed")
    address = f"127.0.0.1:{free_port()}"
    running = subprocess.Popen([program, f"--web.listen-address={address}", *flags], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _fetched(f"http://{address}/metrics") or None, what="node_exporter")
        yield f"http://{address}/metrics"
    finally:
        running.kill()
        running.wait()


@pytest.fixture(scope="module")
def peer() -> Iterator[str]:
    with _node_exporter(DISABLE_DEFAULTS, *_FLAGS, _ALL_DEVICES) as url:
        yield url


def _fetched(url: str) -> bytes:
    """Return what the peer says, nothing before it listens."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def _theirs(url: str) -> dict[Labels, float]:
    exposition = parse_exposition(_fetched(url))
    return {sample.labels: sample.value for sample in exposition.samples if _is_of_network(sample.labels.name)}


def _is_of_network(name: str) -> bool:
    return name.startswith("node_") and not name.startswith(("node_scrape_", "node_exporter_"))


def _ours(flags: Sequence[str] = (DISABLE_DEFAULTS, *_FLAGS)) -> dict[Labels, float]:
    found: dict[Labels, float] = {}
    for scheduled in build_collectors(apply_flags(CollectorsConfig(), flags), Paths(), SystemClock()):
        collector = scheduled.collector
        try:
            batch = collector.collect(1000)
        except NoDataError:
            continue
        found |= {_without_newer(labels): float(v) for labels, v in zip(batch.schema.series, batch.values, strict=True)}
        collector.close()
    return {labels: value for labels, value in found.items() if not labels.name.startswith((*_NEWER, *_NEWER_FIELDS))}


def _without_newer(labels: Labels) -> Labels:
    return Labels([(name, value) for name, value in labels if name not in _NEWER_LABELS])


class _Reads(NamedTuple):
    """What we read between two reads of the peer's."""

    before: dict[Labels, float]
    ours: dict[Labels, float]
    after: dict[Labels, float]

    def difference(self, moving: tuple[str, ...], families: frozenset[str] | None = None) -> list[str]:
        """Return in words what is not the same; of ours, where they are given, only these families count."""
        surplus = self.ours.keys() - self.after.keys()
        found = [f"only theirs: {labels}" for labels in self.before.keys() - self.ours.keys()]
        found += [f"only ours: {labels}" for labels in surplus if families is None or labels.name in families]
        for labels in self.before.keys() & self.ours.keys() & self.after.keys():
            low, high = sorted((self.before[labels], self.after[labels]))
            value = self.ours[labels]
            if not labels.name.startswith(moving) and not low <= value <= high:
                found.append(f"{labels} is {value}, not between {low} and {high}")
        return found


def _alike(read: Callable[[], _Reads], difference: Callable[[_Reads], list[str]]) -> _Reads:
    """Read until nothing differs: between two reads the machine itself may change, and change back."""
    words: list[str] = []
    for _ in range(_TRIES):
        reads = read()
        words = difference(reads)
        if not words:
            return reads
    raise AssertionError("\n".join(words))


def test_the_same_series_with_values_between_two_of_its_reads(peer: str) -> None:
    reads = _alike(lambda: _Reads(_theirs(peer), _ours(), _theirs(peer)), lambda found: found.difference(_MOVING))
    assert len(reads.ours) > 100


def test_every_family_that_it_shows_by_default() -> None:
    with _node_exporter(_ALL_DEVICES, _ALL_MOUNTS, _NO_ZRAM) as url:
        families = frozenset(labels.name for labels in _theirs(url))
        _alike(
            lambda: _Reads(_theirs(url), _ours(()), _theirs(url)),
            lambda found: found.difference(_MOVING_BY_DEFAULT, families),
        )
    assert len(families) > 150
