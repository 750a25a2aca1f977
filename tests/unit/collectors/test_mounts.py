from pathlib import Path

from barograph.collectors.mounts import Mount, answers_at_once, parse_mountinfo
from helpers.collectors import FIXTURES

_TABLE = (FIXTURES / "filesystem/proc/1/mountinfo").read_bytes()


def test_lines_are_mounts_and_odd_ones_are_skipped() -> None:
    mounts = parse_mountinfo(_TABLE, Path("/"))
    assert [mount.point for mount in mounts] == [
        "/proc",
        "/",
        "/mnt/read only",
        "/mnt/nfs",
        "/mnt/nfs/inner",
        "/mnt/fuse",
        "/",
    ]
    assert mounts[1] == Mount("/dev/vda", "/", "ext4", "254", "0", is_read_only=False)
    assert [mount.is_read_only for mount in mounts] == [False, False, True, False, False, True, False]


def test_escapes_and_bytes_that_are_no_utf8() -> None:
    line = b"1 2 3:4 / /a\\011b\\134c\xff rw - ext4 d rw\n"
    (mount,) = parse_mountinfo(line, Path("/"))
    assert mount.point == "/a\tb\\c\udcff"


def test_the_root_that_is_observed_is_taken_off() -> None:
    lines = b"1 0 3:4 / /host rw - ext4 d rw\n2 1 3:5 / /host/var rw - ext4 e rw\n3 1 3:6 / /other rw - ext4 f\n"
    assert [mount.point for mount in parse_mountinfo(lines, Path("/host"))] == ["/", "/var", "/other"]


def test_only_mounts_that_count_in_memory_all_the_way_answer_at_once() -> None:
    mounts = [mount for mount in parse_mountinfo(_TABLE, Path("/")) if mount.type != "proc"]
    instant = {mount.point for mount in mounts if answers_at_once(mount, mounts)}
    assert instant == {"/", "/mnt/read only"}


def test_a_name_that_only_begins_alike_is_not_on_the_way() -> None:
    lines = b"1 0 3:4 / / rw - ext4 d rw\n2 1 3:5 / /mnt rw - nfs e rw\n3 1 3:6 / /mnt2 rw - ext4 f rw\n"
    mounts = parse_mountinfo(lines, Path("/"))
    assert answers_at_once(mounts[2], mounts)
    assert not answers_at_once(mounts[1], mounts)
