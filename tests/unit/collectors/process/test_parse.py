import pytest

from barograph.collectors.process.parse import (
    parent_of,
    parse_file_limit,
    parse_io,
    parse_stat,
    parse_status,
    start_of,
)
from barograph.model.processes import UNKNOWN


def test_a_name_may_hold_brackets_and_spaces() -> None:
    data = b"7 (a) (b c) R 1 1 1 0 -1 2129984 11 0 12 0 13 14 0 0 20 0 3 0 99 4096 5\n"
    stat = parse_stat(data)
    assert stat.name == b"a) (b c"
    assert (stat.state, stat.is_kernel, stat.minor_faults, stat.major_faults) == (ord("R"), True, 11, 12)
    assert (stat.user, stat.system, stat.threads, stat.start, stat.vsize, stat.rss_pages) == (13, 14, 3, 99, 4096, 5)
    assert stat.io_wait == 0
    assert start_of(data) == 99


@pytest.mark.parametrize("data", [b"", b"7 (x", b"7 (x) R 1", b"7 (x) R a a a a a a a a a a a a"])
def test_what_the_kernel_does_not_write(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse_stat(data)


def test_io() -> None:
    assert parse_io(b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n") == (5, 6)


def test_status() -> None:
    found = parse_status(
        b"Uid:\t70\t0\t0\t0\nVmSwap:\t  3 kB\nvoluntary_ctxt_switches:\t4\nnonvoluntary_ctxt_switches:\t5\n"
    )
    assert found == (70, 3072, 4, 5)
    assert parse_status(b"") == (UNKNOWN, 0, 0, 0)


def test_limit_of_open_files() -> None:
    assert parse_file_limit(b"Max locked memory  1 1 bytes\nMax open files            1024   4096   files\n") == 1024
    assert parse_file_limit(b"Max open files            unlimited   unlimited   files\n") == 0
    assert parse_file_limit(b"") == 0


def test_who_started_it() -> None:
    assert parent_of(b"7 (a) S 3 (x) S 42 7 7") == "42"
