"""Fixtures of the crash tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from crash.stores import CONFIG, START_MS, Faults
from helpers.clock import FakeClock


@pytest.fixture
def store_of(tmp_path: Path) -> Iterator[Store]:
    """A store in `tmp_path/data`."""
    store = Store.open(tmp_path / "data", CONFIG, FakeClock(START_MS), MemorySegments())
    yield store
    store.close()


@pytest.fixture
def faults() -> Iterator[Faults]:
    """A file system that can be told to fail."""
    vfs = Faults("barograph-faults")
    yield vfs
    vfs.unregister()
