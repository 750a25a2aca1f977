"""What a keeper hands a front, through memory that only the two can reach."""

import os
from pathlib import Path

import pytest

from barograph.app.handover import Handover, read_handover, write_handover
from barograph.model.errors import LinkError

HANDOVER = Handover(config=b"{}" * 100_000, data="/data", token_hash="0" * 64, listen=(7, 8), link=9)


def open_descriptors() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


def test_it_arrives_whole_and_leaves_no_descriptor_open() -> None:
    before = open_descriptors()
    descriptor = write_handover(HANDOVER)
    assert read_handover(descriptor) == HANDOVER
    assert open_descriptors() <= before, "other threads may have closed some"


def test_it_is_in_no_file() -> None:
    descriptor = write_handover(HANDOVER)
    try:
        assert Path(f"/proc/self/fd/{descriptor}").readlink().name.startswith("memfd:")
        assert Path(f"/proc/self/fd/{descriptor}").stat().st_nlink == 0
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x81\xa4data\xa1x"])
def test_anything_else_is_refused_in_words(content: bytes) -> None:
    descriptor = os.memfd_create("other")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    with pytest.raises(LinkError, match="`barograph serve`"):
        read_handover(descriptor)


@pytest.mark.parametrize("descriptor", [-1, 100_000])
def test_a_descriptor_that_is_not_there_is_refused(descriptor: int) -> None:
    with pytest.raises(LinkError, match="not by hand"):
        read_handover(descriptor)
