"""A world of people for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.identity.world import World, quick_passwords


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    quick_passwords(monkeypatch)
    made = World(tmp_path)
    yield made
    made.state.close()
