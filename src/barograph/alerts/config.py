"""The settings of routing, with Alertmanager's keys and meaning: `route`, `inhibit_rules`, `time_intervals`.

Values only; `routing`, `inhibition` and `intervals` make of them what decides.
"""

import msgspec

from barograph.model.units import Duration


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One node of the tree of routes. What is None comes from the parent.

    Attributes:
        receiver: Who is told.
        group_by: Labels whose values make a group; `...` for all of them.
        group_wait: How long the first message of a group waits for more.
        group_interval: The time between messages of a group that has changed.
        repeat_interval: The time after which an unchanged group is told again.
        matchers: Which alerts take this route; all where there are none.
        match: As `matchers`, values alone.
        match_re: As `matchers`, patterns alone.
        continue_: Whether the routes after this one are tried as well.
        mute_time_intervals: When nothing is told.
        active_time_intervals: When alone something is told.
        routes: Finer routes, of which the first that matches is taken.
    """

    receiver: str | None = None
    group_by: tuple[str, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    matchers: tuple[str, ...] = ()
    match: dict[str, str] = {}
    match_re: dict[str, str] = {}
    continue_: bool = msgspec.field(name="continue", default=False)
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: tuple["RouteConfig", ...] = ()


class InhibitConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """While an alert fires that the source matchers match, those that the target matchers match are not told.

    Attributes:
        source_matchers: What fires.
        target_matchers: What is kept quiet.
        equal: Labels that must have the same values in both; missing and empty are the same.
        source_match: As `source_matchers`, values alone.
        source_match_re: As `source_matchers`, patterns alone.
        target_match: As `target_matchers`, values alone.
        target_match_re: As `target_matchers`, patterns alone.
    """

    source_matchers: tuple[str, ...] = ()
    target_matchers: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    source_match: dict[str, str] = {}
    source_match_re: dict[str, str] = {}
    target_match: dict[str, str] = {}
    target_match_re: dict[str, str] = {}


class TimeRangeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Minutes of a day: `start_time` included, `end_time` not; `HH:MM`, the end up to `24:00`."""

    start_time: str
    end_time: str


class IntervalConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times that satisfy all that is given.

    Attributes:
        times: Ranges of a day.
        weekdays: `monday`, `monday:friday`.
        days_of_month: `1`, `1:5`, `-3:-1` from the end.
        months: `january`, `1:3`.
        years: `2026`, `2026:2028`.
        location: The time zone; UTC by default, `Local` for the host's.
    """

    times: tuple[TimeRangeConfig, ...] = ()
    weekdays: tuple[str, ...] = ()
    days_of_month: tuple[str | int, ...] = ()
    months: tuple[str | int, ...] = ()
    years: tuple[str | int, ...] = ()
    location: str = "UTC"


class NamedIntervalConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times by a name that routes use; any of the intervals counts."""

    name: str
    time_intervals: tuple[IntervalConfig, ...] = ()
