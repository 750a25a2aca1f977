from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from barograph.alerts.config import IntervalConfig
from barograph.alerts.intervals import any_contains, make_interval
from barograph.model.errors import AlertError


def contains(written: dict[str, Any], at: str) -> bool:
    instant = datetime.fromisoformat(at)
    at_ms = int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)
    return make_interval(msgspec.convert(written, IntervalConfig)).contains(at_ms)


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-11-23T16:59", "2026-11-23T17:00"),
        ({"times": [{"start_time": "23:00", "end_time": "24:00"}]}, "2026-11-23T23:59", "2026-11-23T00:00"),
        ({"weekdays": ["monday:friday"]}, "2026-11-23T00:00", "2026-11-22T23:59"),
        ({"weekdays": ["Sunday", "saturday"]}, "2026-11-22T00:00", "2026-11-23T00:00"),
        ({"days_of_month": ["1:5"]}, "2026-11-05T00:00", "2026-11-06T00:00"),
        ({"days_of_month": ["-3:-1"]}, "2026-11-28T00:00", "2026-11-27T00:00"),
        ({"days_of_month": ["25:-2"]}, "2026-11-29T00:00", "2026-11-30T00:00"),
        ({"days_of_month": ["31"]}, "2026-10-31T00:00", "2026-11-30T00:00"),
        ({"days_of_month": [-1, 5]}, "2026-11-30T00:00", "2026-11-29T00:00"),
        ({"months": ["november:december", 2]}, "2026-11-01T00:00", "2026-10-31T23:59"),
        ({"years": ["2026:2027"]}, "2027-12-31T23:59", "2028-01-01T00:00"),
        (
            {"times": [{"start_time": "09:00", "end_time": "10:00"}], "location": "Europe/Berlin"},
            "2026-07-01T07:30",
            "2026-07-01T09:30",
        ),
        ({"weekdays": ["monday"], "months": ["november"]}, "2026-11-23T00:00", "2026-10-26T00:00"),
    ],
)
def test_an_interval_contains_what_satisfies_all_of_it(written: dict[str, Any], inside: str, outside: str) -> None:
    assert (contains(written, inside), contains(written, outside)) == (True, False)


def test_nothing_given_is_all_times_and_local_is_the_hosts() -> None:
    assert contains({}, "2026-11-23T00:00")
    assert contains({"location": "Local", "years": ["2020:2030"]}, "2026-06-23T00:00")


def test_any_of_several_counts() -> None:
    made = [make_interval(IntervalConfig(years=("2020",))), make_interval(IntervalConfig(years=("2026",)))]
    at_ms = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp() * 1000)
    assert (any_contains(made, at_ms), any_contains(made[:1], at_ms), any_contains([], at_ms)) == (True, False, False)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"times": [{"start_time": "9:00", "end_time": "10:00"}]}, "not a time of day"),
        ({"times": [{"start_time": "10:00", "end_time": "10:00"}]}, "ends before it begins"),
        ({"weekdays": ["1"]}, "not a weekday"),
        ({"weekdays": ["friday:monday"]}, "ends before it begins"),
        ({"months": [13]}, "not a month"),
        ({"months": [""]}, "not a month"),
        ({"years": ["soon"]}, "not a year"),
        ({"days_of_month": ["0"]}, "not within"),
        ({"days_of_month": [32]}, "not within"),
        ({"days_of_month": ["x"]}, "not a day of the month"),
        ({"days_of_month": ["5:1"]}, "ends before it begins"),
        ({"days_of_month": ["-3:5"]}, "may not end on a positive day"),
        ({"location": "Atlantis/Deep"}, "is unknown here"),
        ({"location": "../etc"}, "is unknown here"),
    ],
)
def test_what_is_no_interval_is_refused(written: dict[str, Any], words: str) -> None:
    with pytest.raises(AlertError, match=words):
        make_interval(msgspec.convert(written, IntervalConfig))
