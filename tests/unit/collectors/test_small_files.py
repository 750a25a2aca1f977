"""Collectors of one or two files, whose tests are alike: what they give, and what they say of what is odd."""

from collections.abc import Callable
from pathlib import Path

import pytest

from barograph.collectors.base import Host
from barograph.collectors.buddyinfo import BuddyinfoCollector, BuddyinfoConfig
from barograph.collectors.entropy import EntropyCollector, EntropyConfig
from barograph.collectors.filefd import FilefdCollector, FilefdConfig
from barograph.collectors.schedstat import SchedstatCollector, SchedstatConfig
from barograph.collectors.softirqs import SoftirqsCollector, SoftirqsConfig
from barograph.model.errors import CollectError, NoDataError
from barograph.model.protocols import Collector
from helpers.collectors import as_dict, host_in

Make = Callable[[Host], Collector]
MAKERS: dict[str, tuple[Make, str]] = {
    "entropy": (lambda host: EntropyCollector(host, EntropyConfig()), "proc/sys/kernel/random/entropy_avail"),
    "filefd": (lambda host: FilefdCollector(host, FilefdConfig()), "proc/sys/fs/file-nr"),
    "schedstat": (lambda host: SchedstatCollector(host, SchedstatConfig()), "proc/schedstat"),
    "softirqs": (lambda host: SoftirqsCollector(host, SoftirqsConfig()), "proc/softirqs"),
    "buddyinfo": (lambda host: BuddyinfoCollector(host, BuddyinfoConfig()), "proc/buddyinfo"),
}
GIVEN: dict[str, dict[str, float]] = {
    "entropy": {"node_entropy_available_bits": 3211, "node_entropy_pool_size_bits": 4096},
    "filefd": {"node_filefd_allocated": 2944, "node_filefd_maximum": 803852},
    "schedstat": {
        'node_schedstat_running_seconds_total{cpu="0"}': 5.12,
        'node_schedstat_waiting_seconds_total{cpu="0"}': 2.5,
        'node_schedstat_timeslices_total{cpu="0"}': 941,
        'node_schedstat_running_seconds_total{cpu="1"}': 7.001e-6,
        'node_schedstat_waiting_seconds_total{cpu="1"}': 1.3e-8,
        'node_schedstat_timeslices_total{cpu="1"}': 17,
    },
    "softirqs": {
        f'node_softirqs_functions_total{{cpu="{cpu}", type="{kind}"}}': count
        for kind, counts in {"HI": (1, 0), "TIMER": (9210, 8110), "NET_RX": (52, 10433)}.items()
        for cpu, count in enumerate(counts)
    },
    "buddyinfo": {
        f'node_buddyinfo_blocks{{node="{node}", size="{size}", zone="{zone}"}}': count
        for node, zone, counts in (
            ("0", "DMA", (2, 1, 0)),
            ("0", "Normal", (1201, 300, 12)),
            ("1", "Normal", (9, 8, 7)),
        )
        for size, count in enumerate(counts)
    },
}


@pytest.mark.parametrize("name", MAKERS)
def test_what_it_gives(tmp_path: Path, name: str) -> None:
    collector = MAKERS[name][0](host_in(tmp_path, name))
    batch = collector.collect(1)
    assert as_dict(batch) == GIVEN[name]
    assert collector.collect(2).schema is batch.schema
    collector.close()


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_that_is_missing_or_odd(tmp_path: Path, name: str) -> None:
    make, path = MAKERS[name]
    collector = make(host_in(tmp_path))
    with pytest.raises(NoDataError, match="does not exist"):
        collector.collect(1)
    host_in(tmp_path, name)
    (tmp_path / path).write_text("cpu0 odd\ncpu1 odd\n")
    with pytest.raises(CollectError, match=path.rpartition("/")[2]):
        collector.collect(2)
    collector.close()
