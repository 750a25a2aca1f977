"""Times as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from barograph.cli.failure import CommandError
from barograph.cli.times import parse_coming_ms, parse_duration_ms, parse_time_ms

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


NOW = "2026-11-23T12:00:00+01:00"  # a Monday; Berlin is one hour ahead of UTC


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", NOW),
        ("2026-11-23T03:12:00Z", "2026-11-23T03:12:00+00:00"),
        ("2026-11-23T03:12:00.250+02:00", "2026-11-23T01:12:00.250+00:00"),
        ("2026-11-23t03:12:00Z", "2026-11-23T03:12:00+00:00"),
        ("2026-11-23T03:12:00", "2026-11-23T03:12:00+01:00"),
        ("2026-11-23 03:12", "2026-11-23T03:12:00+01:00"),
        ("2026-07-01T03:12:00", "2026-07-01T03:12:00+02:00"),
        ("2026-11-23", "2026-11-23T00:00:00+01:00"),
        ("1795403520", "2026-11-23T03:12:00+00:00"),
        ("1795403520.5", "2026-11-23T03:12:00.500+00:00"),
        ("0", "1970-01-01T00:00:00+00:00"),
        ("-1h", "2026-11-23T11:00:00+01:00"),
        ("-1h30m", "2026-11-23T10:30:00+01:00"),
        ("-90", "2026-11-23T11:58:30+01:00"),
        ("-0", NOW),
        ("11:59", "2026-11-23T11:59:00+01:00"),
        ("12:00", NOW),
        ("12:00:01", "2026-11-22T12:00:01+01:00"),
        ("23:59", "2026-11-22T23:59:00+01:00"),
        ("3:12", "2026-11-23T03:12:00+01:00"),
        ("00:00", "2026-11-23T00:00:00+01:00"),
        ("yesterday 03:12", "2026-11-22T03:12:00+01:00"),
        ("yesterday 23:59:59", "2026-11-22T23:59:59+01:00"),
        ("  yesterday   03:12 ", "2026-11-22T03:12:00+01:00"),
    ],
)
def test_a_time_is_understood(typed: str, meant: str) -> None:
    assert parse_time_ms(typed, ms(NOW), BERLIN) == ms(meant)


@pytest.mark.parametrize(
    ("typed", "now", "meant"),
    [
        # 2026-10-25, 03:00 summer time: the clocks went back to 02:00, so that 02:30 was there twice
        ("02:30", "2026-10-25T12:00:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("02:30", "2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+02:00"),
        ("yesterday 02:30", "2026-10-26T12:00:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("01:30", "2026-10-25T12:00:00+01:00", "2026-10-25T01:30:00+02:00"),
        # 2026-03-29, 02:00: they went forward to 03:00, so that there was no 02:30
        ("02:30", "2026-03-29T12:00:00+02:00", "2026-03-28T02:30:00+01:00"),
        ("03:30", "2026-03-29T12:00:00+02:00", "2026-03-29T03:30:00+02:00"),
        # the day before is another offset away
        ("yesterday 12:00", "2026-03-29T12:00:00+02:00", "2026-03-28T12:00:00+01:00"),
    ],
)
def test_a_change_of_the_clocks_is_known(typed: str, now: str, meant: str) -> None:
    assert parse_time_ms(typed, ms(now), BERLIN) == ms(meant)


@pytest.mark.parametrize(
    ("typed", "now", "meant"),
    [
        ("13:00", NOW, "2026-11-23T13:00:00+01:00"),
        ("12:00", NOW, "2026-11-24T12:00:00+01:00"),
        (" 9:00 ", NOW, "2026-11-24T09:00:00+01:00"),
        ("yesterday 9:00", NOW, "2026-11-22T09:00:00+01:00"),
        ("2026-11-23", NOW, "2026-11-23T00:00:00+01:00"),
        # the day of which the clocks are set forward has 23 hours, the one of which they are set back 25
        ("09:00", "2026-03-28T12:00:00+01:00", "2026-03-29T09:00:00+02:00"),
        ("09:00", "2026-10-24T12:00:00+02:00", "2026-10-25T09:00:00+01:00"),
        ("02:30", "2026-03-28T12:00:00+01:00", "2026-03-30T02:30:00+02:00"),
        ("02:30", "2026-10-25T02:40:00+02:00", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_a_clock_time_of_what_is_to_come_is_the_next(typed: str, now: str, meant: str) -> None:
    assert parse_coming_ms(typed, ms(now), BERLIN) == ms(meant)


def test_a_coming_time_must_be_one() -> None:
    with pytest.raises(CommandError, match="'25:00' is no time"):
        parse_coming_ms("25:00", ms(NOW), BERLIN)


def test_a_time_that_the_clocks_skipped_did_not_exist() -> None:
    with pytest.raises(CommandError, match=r"'yesterday 02:30' did not exist") as caught:
        parse_time_ms("yesterday 02:30", ms("2026-03-30T12:00:00+02:00"), BERLIN)
    assert caught.value.status == 2


def test_a_clock_time_of_a_fraction_of_a_second_ago_is_today() -> None:
    assert parse_time_ms("12:00", ms("2026-11-23T12:00:00.001+00:00"), UTC) == ms("2026-11-23T12:00:00+00:00")


@pytest.mark.parametrize(
    "typed",
    ["", "noon", "24:00", "12:60", "12:00:60", "1:2", "2026-13-01", "2026-W48-1", "tomorrow 03:12", "yesterday", "1e9"],
)
def test_what_is_no_time_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(CommandError, match=r"is no time: write it like .*-1h") as caught:
        parse_time_ms(typed, ms(NOW), UTC)
    assert caught.value.status == 2


def test_a_date_without_an_offset_is_in_the_zone_that_is_passed_in() -> None:
    new_york = ZoneInfo("America/New_York")
    assert parse_time_ms("2026-11-23T03:12:00", ms(NOW), new_york) == ms("2026-11-23T03:12:00-05:00")


def test_milliseconds_are_told_from_seconds() -> None:
    with pytest.raises(CommandError, match="are these milliseconds"):
        parse_time_ms("1795403520000", ms(NOW), UTC)


@pytest.mark.parametrize(("typed", "meant"), [("15s", 15_000), ("1h30m", 5_400_000), ("15", 15_000), ("0.5", 500)])
def test_a_duration_is_understood(typed: str, meant: int) -> None:
    assert parse_duration_ms(typed) == meant


@pytest.mark.parametrize("typed", ["", "1 h", "-5s", "5x", "1m1h", "٣"])
def test_what_is_no_duration_is_refused(typed: str) -> None:
    with pytest.raises(CommandError, match="write it like 15s") as caught:
        parse_duration_ms(typed)
    assert caught.value.status == 2
