"""What receivers were told, kept with the messages, and what is forgotten of old ones."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from barograph.model.notice import Delivery, DeliveryState, GroupTold
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.frozen import FrozenTables
from barograph.state.sqlite import SqliteState, open_state
from unit.notify.notices import alert, notice


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


def told(firing: dict[int, str], key: str = "g") -> GroupTold:
    return GroupTold(receiver="team/webhook[0]", group_key=key, group_labels={}, at_ms=5, firing=firing, up_to=3)


def test_messages_and_what_was_told_with_them_are_one(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([notice()], [told({1: "warning"}), told({2: "info"}, "h")], 7)
    again = SqliteDeliveries(state)
    assert (again.told(), again.up_to()) == ([told({1: "warning"}), told({2: "info"}, "h")], 7)
    store.enqueue([], [told({}), told({2: "critical"}, "h")], 5)
    assert (again.told(), again.up_to()) == ([told({2: "critical"}, "h")], 7)
    assert again.waiting("team") == 1


def test_what_is_frozen_comes_with_the_message_and_never_changes(state: SqliteState) -> None:
    store, frozen = SqliteDeliveries(state), FrozenTables(state)
    store.enqueue([notice()], frozen={7: b"first", 8: b"eight"})
    store.enqueue([], frozen={7: b"second"})
    assert (frozen.find(7), frozen.find(8)) == (b"first", b"eight")


def attempt(store: SqliteDeliveries, delivery: Delivery, at_ms: int, state: DeliveryState) -> None:
    store.keep(msgspec.structs.replace(delivery, state=state, tried_ms=at_ms, attempts=1, answer="x"))


def test_the_log_knows_alerts_and_receivers_and_holds_twenty_alerts(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    many = tuple(msgspec.structs.replace(alert(f"h{i}"), number=i + 1) for i in range(30))
    store.enqueue([notice(key="a", alerts=many), notice(key="b", receiver="other", alerts=many[:1])])
    for receiver in ("team", "other"):
        (head,) = store.heads(receiver)
        attempt(store, head, 1000, DeliveryState.DELIVERED)
    assert [each.notice.key for each in store.log(0, 9, alert=30)] == ["a"]
    assert [each.notice.key for each in store.log(0, 9, alert=1)] == ["b", "a"]
    (only,) = store.log(0, 9, receiver="team")
    assert (len(only.notice.alerts), only.notice.alert_count) == (20, 30)


def test_old_messages_go_and_those_that_wait_stay(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([notice(key=key, group_key=key) for key in "abc"])
    first, second, third = store.heads("team")
    attempt(store, first, 1000, DeliveryState.WAITING)
    attempt(store, second, 1000, DeliveryState.DELIVERED)
    attempt(store, third, 9000, DeliveryState.DELIVERED)
    assert store.forget(5000) == 0
    store.enqueue([notice(key="d", group_key="d")])
    attempt(store, store.heads("team")[-1], 2000, DeliveryState.DELIVERED)
    assert store.forget(5000) == 2
    assert {each.notice.key for each in store.log(0, 9)} == {"a", "d"}
    assert store.waiting("team") == 1
