"""What receivers were told, kept with the messages, and what is forgotten of old ones."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from barograph.model.notice import Delivery, DeliveryState, GroupTold
from barograph.state.deliveries import FORGET, OLD, SqliteDeliveries
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
    store.enqueue([notice(key="d", group_key="d")])
    attempt(store, store.heads("team")[-1], 2000, DeliveryState.DELIVERED)
    assert store.forget(5000) == 1
    assert {each.notice.key for each in store.log(0, 9)} == {"a", "c", "d"}
    assert store.forget(5000) == 0
    assert store.waiting("team") == 1


def test_a_message_is_as_old_as_its_last_attempt_to_the_millisecond(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([notice(key=key, group_key=key) for key in "abc"])
    first, second, third = store.heads("team")
    for delivery, at_ms in ((first, 4000), (second, 4999), (third, 100), (first, 5000)):
        attempt(store, delivery, at_ms, DeliveryState.FAILED)
    store.enqueue([notice(key="d", group_key="d")])
    attempt(store, store.heads("team")[-1], 9000, DeliveryState.DELIVERED)
    assert store.forget(5000) == 2
    assert [each.notice.key for each in store.log(0, 9)] == ["d", "a", "a"]


def test_a_clock_set_back_forgets_nothing_that_was_tried_since(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([notice(key=key, group_key=key) for key in "ab"])
    first, second = store.heads("team")
    for delivery, at_ms in ((first, 9000), (first, 1000), (second, 1000)):
        attempt(store, delivery, at_ms, DeliveryState.DELIVERED)
    assert store.forget(5000) == 0


def test_numbers_go_on_where_they_were_after_everything_is_old(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([notice(key=key, group_key=key) for key in "abc"])
    first, second, third = store.heads("team")
    for delivery in (third, second, first):  # the newest message is not the one tried last
        attempt(store, delivery, 1000, DeliveryState.DELIVERED)
    newest = store.log(0, 1)[0].number
    assert store.forget(5000) == 1
    assert [each.notice.key for each in store.log(0, 9)] == ["a", "c"]
    store.enqueue([notice(key="d", group_key="d")])
    (head,) = store.heads("team")
    attempt(store, head, 6000, DeliveryState.DELIVERED)
    assert head.number > third.number
    assert store.log(0, 1)[0].number > newest


def test_what_is_old_is_found_without_reading_what_is_not(state: SqliteState) -> None:
    plan = [str(row[3]) for row in state.rows(f"EXPLAIN QUERY PLAN {OLD}", 5000, 5000)]
    assert any("delivery_attempt_at (at_ms<?)" in step for step in plan), plan
    for statement in FORGET:
        plan += [str(row[3]) for row in state.rows(f"EXPLAIN QUERY PLAN {statement}", 1)]
    # the last attempt of all is the end of an index
    assert [step for step in plan if "SCAN" in step and "sqlite_autoindex_delivery_attempt" not in step] == [], plan


def test_what_was_given_up_does_not_wait_again_whatever_becomes_of_an_attempt(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([notice()])
    (head,) = store.heads("team")
    for given, waits in ((DeliveryState.WAITING, 1), (DeliveryState.FAILED, 0), (DeliveryState.WAITING, 0)):
        attempt(store, head, 1000, given)
        assert store.waiting("team") == waits
    assert store.log(0, 1)[0].state is DeliveryState.WAITING


def test_a_message_known_already_says_nothing_about_alerts(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    about = [(msgspec.structs.replace(alert(f"h{number}"), number=number),) for number in (1, 2)]
    store.enqueue([notice(key="a", alerts=about[0])])
    store.enqueue([notice(key="a", alerts=about[0])])
    store.enqueue([notice(key="b", group_key="b", alerts=about[1])])
    for head in store.heads("team"):
        attempt(store, head, 1000, DeliveryState.DELIVERED)
    assert [each.notice.key for each in store.log(0, 9, alert=1)] == ["a"]
