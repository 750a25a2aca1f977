from pathlib import Path

import pytest

from barograph.model.errors import StoreError
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.frozen import FrozenTables
from barograph.state.sqlite import open_state


def test_what_is_frozen_stays_as_it_was(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    frozen = FrozenTables(state)
    assert frozen.find(1) == b""
    deliveries = SqliteDeliveries(state)
    deliveries.enqueue([], frozen={1: b"first"})
    deliveries.enqueue([], frozen={1: b"second"})
    assert frozen.find(1) == b"first"
    state.close()
    with pytest.raises(StoreError):
        frozen.find(1)
