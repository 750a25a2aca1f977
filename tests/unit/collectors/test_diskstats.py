from pathlib import Path

import pytest

from barograph.collectors.diskstats import DiskstatsCollector, DiskstatsConfig
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, families_of, host_in


def test_the_columns_of_every_device_that_is_kept(tmp_path: Path) -> None:
    batch = DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig()).collect(1)
    found = as_dict(batch)
    vda = {name.split("{")[0]: value for name, value in found.items() if '{device="vda"}' in name}
    assert vda == {
        "node_disk_reads_completed_total": 40629,
        "node_disk_reads_merged_total": 12262,
        "node_disk_read_bytes_total": 3452730 * 512,
        "node_disk_read_time_seconds_total": 8876 * 0.001,
        "node_disk_writes_completed_total": 25726,
        "node_disk_writes_merged_total": 26942,
        "node_disk_written_bytes_total": 3994168 * 512,
        "node_disk_write_time_seconds_total": 6812 * 0.001,
        "node_disk_io_now": 2,
        "node_disk_io_time_seconds_total": 5852 * 0.001,
        "node_disk_io_time_weighted_seconds_total": 16240 * 0.001,
        "node_disk_discards_completed_total": 8176,
        "node_disk_discards_merged_total": 26,
        "node_disk_discarded_sectors_total": 294096,
        "node_disk_discard_time_seconds_total": 425 * 0.001,
        "node_disk_flush_requests_total": 3917,
        "node_disk_flush_requests_time_seconds_total": 125 * 0.001,
    }
    devices = {labels.get("device") for labels in batch.schema.series}
    assert devices == {"vda", "sda", "dm-0"}
    assert families_of(batch)["node_disk_io_now"].type is MetricType.GAUGE
    assert families_of(batch)["node_disk_read_bytes_total"].type is MetricType.COUNTER


def test_an_old_kernels_lines_have_fewer_families(tmp_path: Path) -> None:
    found = as_dict(DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig()).collect(1))
    assert found['node_disk_io_time_weighted_seconds_total{device="sda"}'] == 8 * 0.001
    assert 'node_disk_discards_completed_total{device="sda"}' not in found
    assert found['node_disk_discard_time_seconds_total{device="dm-0"}'] == 15 * 0.001
    assert 'node_disk_flush_requests_total{device="dm-0"}' not in found


def test_what_udev_and_sysfs_say(tmp_path: Path) -> None:
    found = as_dict(DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig()).collect(1))
    described = [name for name in found if "_info" in name or "_ata_" in name]
    assert described == [
        'node_disk_info{device="vda", major="254", minor="0", rotational="0"}',
        'node_disk_info{device="sda", major="8", minor="0", model="Tosh", path="pci-0", revision="0102",'
        ' rotational="1", serial="printed", wwn="0x7c"}',
        'node_disk_filesystem_info{device="sda", type="ext4", usage="filesystem", uuid="u1", version="1.0"}',
        'node_disk_ata_write_cache{device="sda"}',
        'node_disk_ata_write_cache_enabled{device="sda"}',
        'node_disk_ata_rotation_rate_rpm{device="sda"}',
        'node_disk_info{device="dm-0", major="252", minor="0", rotational="0", serial="only"}',
        'node_disk_device_mapper_info{device="dm-0", lv_name="lv", name="root", uuid="LVM-x", vg_name="vg"}',
    ]
    assert found['node_disk_ata_write_cache_enabled{device="sda"}'] == 0


def test_devices_that_come_and_go(tmp_path: Path) -> None:
    collector = DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig())
    schema = collector.collect(1).schema
    path = tmp_path / "proc/diskstats"
    text = path.read_text()
    path.write_text(text.replace("vda 40629", "vda 40630"))
    again = collector.collect(2)
    assert again.schema is schema
    assert as_dict(again)['node_disk_reads_completed_total{device="vda"}'] == 40630
    path.write_text(text.replace("loop0", "vdb"))
    wider = collector.collect(3)
    assert wider.schema is not schema
    assert 'node_disk_reads_completed_total{device="vdb"}' in as_dict(wider)
    path.write_text(text.replace("loop0", "loop9"))
    narrower = collector.collect(4)
    path.write_text(text)
    # another excluded device in its place: another layout, the same series
    assert collector.collect(5).schema is narrower.schema
    collector.close()


def test_udev_is_asked_again_after_a_minute(tmp_path: Path) -> None:
    collector = DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig())
    schema = collector.collect(1).schema
    (tmp_path / "udev/data/b254:0").write_text("E:ID_SERIAL=late\n")
    assert collector.collect(60_000).schema is schema
    late = 'node_disk_info{device="vda", major="254", minor="0", rotational="0", serial="late"}'
    assert late in as_dict(collector.collect(60_001))
    # the clock was set back: no reason to wait for it
    (tmp_path / "udev/data/b254:0").write_text("")
    assert late not in as_dict(collector.collect(5))


def test_an_include_replaces_the_default_exclude(tmp_path: Path) -> None:
    config = DiskstatsConfig(device_include="^loop")
    batch = DiskstatsCollector(host_in(tmp_path, "diskstats"), config).collect(1)
    assert {labels.get("device") for labels in batch.schema.series} == {"loop0"}


def test_no_device_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="no block device"):
        DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig(device_include="^x$")).collect(1)


def test_a_counter_that_stops_being_a_number(tmp_path: Path) -> None:
    collector = DiskstatsCollector(host_in(tmp_path, "diskstats"), DiskstatsConfig())
    collector.collect(1)
    path = tmp_path / "proc/diskstats"
    path.write_text(path.read_text().replace("vda 40629", "vda odd"))
    with pytest.raises(CollectError, match="not a number"):
        collector.collect(2)
