from barograph.alerts.grouping import Cadence, Group, Told, first_look, is_due

CADENCE = Cadence(wait_ms=30_000, interval_ms=300_000, repeat_ms=3_600_000)
NONE: frozenset[int] = frozenset()
TOLD = Group(key="{}:{}", next_ms=0, told=Told(at_ms=1000, firing=frozenset({1, 2})))


def test_a_new_group_waits_for_more_unless_its_alert_is_old() -> None:
    assert first_look(CADENCE, 1000, 1000) == 31_000
    assert first_look(CADENCE, 1000, 31_000) == 31_000


def test_a_new_group_is_told_once_something_fires() -> None:
    new = Group(key="{}:{}", next_ms=0)
    assert is_due(new, {1}, NONE, CADENCE, 0)
    assert not is_due(new, NONE, {1}, CADENCE, 0)


def test_who_joins_is_told_and_who_leaves_is_told_where_wanted() -> None:
    assert is_due(TOLD, {1, 2, 3}, NONE, CADENCE, 2000)
    assert not is_due(TOLD, {1, 2}, NONE, CADENCE, 2000)
    assert is_due(TOLD, {1}, {2}, CADENCE, 2000)
    assert is_due(TOLD, NONE, {1, 2}, CADENCE, 2000)
    quiet = Cadence(wait_ms=0, interval_ms=1, repeat_ms=3_600_000, sends_resolved=False)
    assert not is_due(TOLD, NONE, {1, 2}, quiet, 2000)
    assert not is_due(TOLD, {1, 2}, {9}, CADENCE, 2000)


def test_an_end_is_told_once() -> None:
    group = Group(key="k", next_ms=0, told=Told(at_ms=1000, firing=frozenset({1, 2}), resolved=frozenset({2})))
    assert not is_due(group, {1}, {2}, CADENCE, 2000)


def test_an_unchanged_group_is_told_again_after_the_repeat_interval() -> None:
    assert not is_due(TOLD, {1, 2}, NONE, CADENCE, 3_600_999)
    assert is_due(TOLD, {1, 2}, NONE, CADENCE, 3_601_000)
    assert not is_due(TOLD, NONE, NONE, CADENCE, 3_601_000)


def test_what_got_worse_is_told_at_once() -> None:
    group = Group(key="k", next_ms=0, told=TOLD.told, urgent=frozenset({2}))
    assert is_due(group, {1, 2}, NONE, CADENCE, 2000)
    assert not is_due(group, {1}, NONE, CADENCE, 2000)
