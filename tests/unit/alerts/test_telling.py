import pytest

from barograph.alerts.telling import Message, Standing, Telling, tell
from barograph.model.notice import NoticeKind

W, C = "warning", "critical"
K = NoticeKind


def telling(
    standing: Standing,
    known: dict[int, str],
    missed: dict[int, str] | None = None,
    *,
    repeat: bool = False,
    resolved: bool = True,
) -> Telling:
    return tell(standing, known, missed or {}, sends_resolved=resolved, repeat_is_due=repeat)


@pytest.mark.parametrize(
    ("standing", "known", "kinds", "believed"),
    [
        (Standing(loud={}), {}, [], {}),
        (Standing(loud={1: W}), {}, [K.FIRING], {1: W}),
        (Standing(loud={1: W}), {1: W}, [], {1: W}),
        (Standing(loud={1: C}), {1: W}, [K.WORSE], {1: C}),
        (Standing(loud={1: W}), {1: C}, [], {1: C}),
        (Standing(loud={1: C, 2: W}), {1: W}, [K.FIRING], {1: C, 2: W}),
        (Standing(loud={}, ended={1}), {1: W}, [K.RESOLVED], {}),
        (Standing(loud={2: W}, ended={1}), {1: W, 2: W}, [K.REPEAT], {2: W}),
        (Standing(loud={}, ended={1}), {1: W, 2: W}, [K.RESOLVED], {2: W}),
        (Standing(loud={}, ended={1}), {}, [], {}),
        (Standing(loud={}), {1: W}, [], {1: W}),
    ],
)
def test_what_follows_from_how_a_group_stands(
    standing: Standing, known: dict[int, str], kinds: list[NoticeKind], believed: dict[int, str]
) -> None:
    found = telling(standing, known)
    assert [message.kind for message in found.messages] == kinds
    assert found.believed == believed


def test_what_is_quiet_is_counted_beside_what_has_ended() -> None:
    (message,) = telling(Standing(loud={}, ended={1}), {1: W, 2: W, 3: W}).messages
    assert message == Message(kind=K.RESOLVED, firing=frozenset(), over={1}, others=2)
    (message,) = telling(Standing(loud={2: W}, ended={1}), {1: W, 2: W, 3: W}).messages
    assert message == Message(kind=K.REPEAT, firing={2}, over={1})


def test_repeats_are_for_what_nobody_has() -> None:
    known = {1: W, 2: W}
    assert telling(Standing(loud=known), known, repeat=True).messages == (
        Message(kind=K.REPEAT, firing=known.keys(), over=frozenset()),
    )
    assert telling(Standing(loud=known, held={1, 2}), known, repeat=True).messages == ()
    assert telling(Standing(loud=known, held={1}), known, repeat=True).tells_firing
    assert telling(Standing(loud={}), known, repeat=True).messages == ()


def test_who_wants_no_ends_forgets_them_without_a_word() -> None:
    found = telling(Standing(loud={}, ended={1}), {1: W}, resolved=False)
    assert (found.messages, found.believed, found.tells_firing) == ((), {}, False)


def test_what_was_missed_is_told_as_firing_beside_what_goes_on_and_what_has_ended() -> None:
    found = telling(Standing(loud={2: W}, ended={1, 3}), {2: W, 3: W, 4: C}, {1: C})
    assert found.messages == (Message(kind=K.FIRING, firing={1: C, 2: W}.keys(), over={3}),)
    assert (found.believed, found.tells_firing) == ({1: C, 2: W, 4: C}, True)
    assert telling(Standing(loud={}, ended={1}), {}, {1: W}, resolved=False).messages[0].kind is K.FIRING
