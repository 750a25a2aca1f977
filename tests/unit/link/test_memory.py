import errno
import gc
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.link import memory
from barograph.link.memory import SharedSegment, SharedSegments, attach
from barograph.model.errors import LinkError


@pytest.fixture(params=["memfd", "file"])
def _kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    if request.param == "file":
        monkeypatch.setattr(memory, "_HAS_MEMFD", False)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_kind")
class TestBothKinds:
    def test_memory_is_zeroed_and_as_long_as_asked(self) -> None:
        segment = SharedSegment(10_000)
        assert bytes(segment.buffer) == bytes(10_000)
        segment.close_descriptor()

    def test_what_one_side_writes_the_other_sees(self) -> None:
        segment = SharedSegment(4096)
        there = attach(os.dup(segment.descriptor), 4096)
        segment.buffer[100:104] = b"tick"
        assert bytes(there[100:104]) == b"tick"
        segment.close_descriptor()

    def test_the_memory_outlives_the_descriptor(self) -> None:
        segment = SharedSegment(4096)
        there = attach(os.dup(segment.descriptor), 4096)
        segment.close_descriptor()
        segment.buffer[0] = 7
        assert there[0] == 7


def test_without_memfd_it_is_a_file_without_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_HAS_MEMFD", False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    segment = SharedSegment(4096)
    assert str(Path(f"/proc/self/fd/{segment.descriptor}").readlink()).startswith(str(tmp_path))
    segment.close_descriptor()


def test_an_attached_segment_cannot_be_written() -> None:
    segment = SharedSegment(4096)
    there = attach(os.dup(segment.descriptor), 4096)
    with pytest.raises(TypeError, match="read-only"):
        there[0] = 1
    segment.close_descriptor()


def test_nobody_can_resize_it_or_map_it_for_writing_again() -> None:
    segment = SharedSegment(4096)
    with pytest.raises(PermissionError):
        os.ftruncate(segment.descriptor, 0)
    with pytest.raises(PermissionError):
        os.ftruncate(segment.descriptor, 8192)
    with pytest.raises(PermissionError):
        mmap.mmap(segment.descriptor, 4096)
    segment.close_descriptor()


def test_an_old_kernel_without_a_seal_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("fcntl.fcntl", refuse)
    segment = SharedSegment(4096)
    os.ftruncate(segment.descriptor, 8192)
    segment.close_descriptor()


def test_closing_twice_closes_no_other_file() -> None:
    segment = SharedSegment(4096)
    number = segment.descriptor
    segment.close_descriptor()
    other = os.open("/dev/null", os.O_RDONLY)
    if other != number:  # somebody else has closed one meanwhile
        os.dup2(other, number)
        os.close(other)
    segment.close_descriptor()
    os.fstat(number)
    os.close(number)


def test_a_segment_that_is_dropped_leaves_no_descriptor() -> None:
    number = SharedSegment(4096).descriptor
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


@pytest.mark.parametrize(("size_bytes", "reason"), [(1 << 62, "Cannot allocate memory"), (-1, "Invalid argument")])
def test_memory_that_cannot_be_had_leaves_no_descriptor(size_bytes: int, reason: str) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  this very listing is one of them, both times
    with pytest.raises(OSError, match=reason):
        SharedSegment(size_bytes)
    # other threads may have closed some
    assert set(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


def test_attaching_less_memory_than_promised_is_refused_and_closes_the_descriptor() -> None:
    segment = SharedSegment(4096)
    number = os.dup(segment.descriptor)
    with pytest.raises(LinkError, match="the shared head of 100000 bytes cannot be mapped"):
        attach(number, 100_000)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
    segment.close_descriptor()


def test_a_factory_tells_of_what_is_published() -> None:
    published: list[SharedSegment] = []
    factory = SharedSegments(published.append)
    segment = factory.allocate(4096)
    assert published == []
    factory.publish(segment)
    assert published == [segment]
    assert len(segment.buffer) == 4096
