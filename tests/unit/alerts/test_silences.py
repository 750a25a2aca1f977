from dataclasses import replace

import pytest

from barograph.alerts.config import IntervalConfig, TimeRangeConfig
from barograph.alerts.intervals import make_interval
from barograph.alerts.matchers import parse_matchers
from barograph.alerts.silences import Silence, SilenceState, ended_with_alerts, make_silence, silenced_by
from barograph.model.errors import AlertError
from barograph.model.labels import Labels

ATLAS = Labels([("host", "atlas")])
BOREA = Labels([("host", "borea")])
SILENCE = Silence(
    id="s1", matchers=parse_matchers("host=atlas"), author="ada", reason="new disk", starts_ms=1000, ends_ms=2000
)


def test_a_silence_counts_from_its_start_until_its_end() -> None:
    states = [SILENCE.state(at_ms) for at_ms in (999, 1000, 1999, 2000)]
    assert states == [SilenceState.WAITING, SilenceState.ACTIVE, SilenceState.ACTIVE, SilenceState.EXPIRED]
    assert silenced_by([SILENCE, replace(SILENCE, id="s0")], ATLAS, 1500) == ("s0", "s1")
    assert silenced_by([SILENCE], BOREA, 1500) == ()
    assert silenced_by([SILENCE], ATLAS, 2500) == ()


def test_a_recurring_silence_counts_within_its_windows() -> None:
    window = make_interval(IntervalConfig(times=(TimeRangeConfig(start_time="02:00", end_time="03:00"),)))
    nightly = replace(SILENCE, ends_ms=0, windows=(window,))
    assert nightly.state(2 * 3_600_000) is SilenceState.ACTIVE
    assert nightly.state(3 * 3_600_000) is SilenceState.WAITING
    assert not nightly.until_resolved


def test_a_silence_until_resolved_ends_with_what_it_matches() -> None:
    silence = replace(SILENCE, ends_ms=0)
    assert silence.state(10**15) is SilenceState.ACTIVE
    ended_ms = silence.starts_ms
    assert ended_with_alerts([silence, SILENCE], [(ATLAS, ended_ms)], [BOREA]) == [silence]
    assert ended_with_alerts([silence], [(ATLAS, ended_ms), (ATLAS, ended_ms)], [ATLAS]) == []
    assert ended_with_alerts([silence], [(BOREA, ended_ms)], []) == []


def test_a_silence_that_is_yet_to_begin_does_not_end_with_what_ends_before() -> None:
    silence = replace(SILENCE, ends_ms=0)
    assert ended_with_alerts([silence], [(ATLAS, silence.starts_ms - 1)], []) == []


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (replace(SILENCE, author=" "), "an author"),
        (replace(SILENCE, reason=""), "a reason"),
        (replace(SILENCE, matchers=()), "every alert"),
        (replace(SILENCE, matchers=parse_matchers("a=~.*")), "every alert"),
        (replace(SILENCE, ends_ms=1000), "ends before"),
    ],
)
def test_what_makes_no_sense_is_refused(silence: Silence, words: str) -> None:
    with pytest.raises(AlertError, match=words):
        make_silence(silence)


def test_what_makes_sense_is_taken() -> None:
    assert make_silence(SILENCE) is SILENCE
