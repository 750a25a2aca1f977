"""The values of a unit-test file -> what is to be tried, and every refusal with its place. Pure.

The form is that of Prometheus' documentation, unit_testing_rules.md. Values are texts as they stand in the file, since
`0x10` is ten zeros there and no number. Called by `test rules`.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.model.units import Duration
from barograph.promql.series_notation import Point, parse_series, read_points
from barograph.rules.rulefile import KeyPath, Refuse

DEFAULT_INTERVAL_MS = 60_000
_FILE_KEYS = ("rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare")
_GROUP_KEYS = (
    "interval", "input_series", "name", "start_timestamp", "alert_rule_test", "promql_expr_test", "external_labels",
    "external_url",
)  # fmt: skip
_ALERT_KEYS = ("eval_time", "alertname", "exp_alerts")
_EXPR_KEYS = ("expr", "eval_time", "exp_samples")
_SAMPLE_KEYS = ("labels", "value", "histogram")
_WHOLE = re.compile(r"[+-]?0(x[0-9a-f_]+|o[0-7_]+|b[01_]+)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\.?inf|[0-9_]*\.?[0-9_]+([eE][+-]?[0-9]+)?|[0-9_]+\.?)|\.?nan", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSeries:
    """A series and its points, the first at the group's start, each an interval after the one before."""

    labels: Labels
    points: tuple[Point, ...]
    has_histogram: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAlert:
    """An alert that should fire; its labels are without `alertname`."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCase:
    """Which alerts of one name should fire at an instant."""

    at_ms: int
    """After the group's start."""
    name: str
    expected: tuple[ExpectedAlert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSample:
    """A sample of an expression's result."""

    labels: Labels
    value: float
    has_histogram: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprCase:
    """What an expression should give at an instant."""

    at_ms: int
    """After the group's start."""
    expr: str
    expected: tuple[ExpectedSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialGroup:
    """One entry of `tests`: series, and what should come of them."""

    name: str
    interval_ms: int
    start_ms: int
    series: tuple[InputSeries, ...]
    alerts: tuple[AlertCase, ...]
    exprs: tuple[ExprCase, ...]
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""

    @property
    def last_ms(self) -> int:
        """The last instant that is looked at, after the start."""
        instants = [case.at_ms for case in self.alerts] + [case.at_ms for case in self.exprs]
        return max(instants, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFile:
    """A unit-test file."""

    rule_files: tuple[str, ...]
    interval_ms: int
    order: Mapping[str, int]
    """Groups of rules by their place; those that are not named come with the first."""
    groups: tuple[TrialGroup, ...]
    is_fuzzy: bool


def read_trial(values: object, refuse: Refuse) -> TrialFile:
    """Read a file's values.

    Raises:
        ConfigError: Something of it cannot be used; the first is told.
    """
    return _Reader(refuse).read(values)


class _Reader:
    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse

    def read(self, values: object) -> TrialFile:
        top = self._mapping(values if values is not None else {}, (), _FILE_KEYS)
        interval_ms = self._duration(top, "evaluation_interval", ()) or DEFAULT_INTERVAL_MS
        order: dict[str, int] = {}
        for path, name in self._texts(top.get("group_eval_order"), ("group_eval_order",)):
            if name in order:
                raise self._refuse(f"group name repeated in evaluation order: {name}", path)
            order[name] = len(order)
        return TrialFile(
            rule_files=tuple(text for _, text in self._texts(top.get("rule_files"), ("rule_files",))),
            interval_ms=interval_ms,
            order=order,
            groups=tuple(self._group(entry, path, interval_ms) for path, entry in self._list(top, "tests", ())),
            is_fuzzy=self._flag(top, "fuzzy_compare"),
        )

    def _group(self, values: object, path: KeyPath, interval_ms: int) -> TrialGroup:
        given = self._mapping(values, path, _GROUP_KEYS)
        return TrialGroup(
            name=self._text(given, "name", path),
            interval_ms=self._duration(given, "interval", path) or interval_ms,
            start_ms=self._start(given, path),
            series=tuple(self._series(entry, place) for place, entry in self._list(given, "input_series", path)),
            alerts=tuple(self._alert_case(entry, at) for at, entry in self._list(given, "alert_rule_test", path)),
            exprs=tuple(self._expr_case(entry, at) for at, entry in self._list(given, "promql_expr_test", path)),
            external_labels=self._labels(given.get("external_labels"), (*path, "external_labels")),
            external_url=self._text(given, "external_url", path),
        )

    def _series(self, values: object, path: KeyPath) -> InputSeries:
        given = self._mapping(values, path, ("series", "values"))
        labels = self._parsed_labels(self._text(given, "series", path), (*path, "series"))
        if not labels.pairs:
            raise self._refuse("a series has labels", (*path, "series"))
        try:
            points, has_histogram = read_points(self._text(given, "values", path))
        except ValueError as error:
            raise self._refuse(str(error), (*path, "values")) from error
        return InputSeries(labels=labels, points=points, has_histogram=has_histogram)

    def _parsed_labels(self, text: str, path: KeyPath) -> Labels:
        try:
            return parse_series(text) if text else Labels()
        except (QueryError, ValueError) as error:
            where = ""
            if isinstance(error, QueryError) and error.position is not None:
                where = f" (at character {error.position + 1})"
            raise self._refuse(f"{text!r} is no series: {error}{where}", path) from error

    def _alert_case(self, values: object, path: KeyPath) -> AlertCase:
        given = self._mapping(values, path, _ALERT_KEYS)
        name = self._text(given, "alertname", path)
        if not name:
            raise self._refuse("an item under alert_rule_test misses required attribute alertname", path)
        return AlertCase(
            at_ms=self._duration(given, "eval_time", path),
            name=name,
            expected=tuple(self._alert(entry, place) for place, entry in self._list(given, "exp_alerts", path)),
        )

    def _alert(self, values: object, path: KeyPath) -> ExpectedAlert:
        given = self._mapping(values if values is not None else {}, path, ("exp_labels", "exp_annotations"))
        return ExpectedAlert(
            labels=self._labels(given.get("exp_labels"), (*path, "exp_labels")),
            annotations=self._labels(given.get("exp_annotations"), (*path, "exp_annotations")),
        )

    def _expr_case(self, values: object, path: KeyPath) -> ExprCase:
        given = self._mapping(values, path, _EXPR_KEYS)
        return ExprCase(
            at_ms=self._duration(given, "eval_time", path),
            expr=self._text(given, "expr", path),
            expected=tuple(self._sample(entry, place) for place, entry in self._list(given, "exp_samples", path)),
        )

    def _sample(self, values: object, path: KeyPath) -> ExpectedSample:
        given = self._mapping(values, path, _SAMPLE_KEYS)
        return ExpectedSample(
            labels=self._parsed_labels(self._text(given, "labels", path), (*path, "labels")),
            value=self._number(self._text(given, "value", path) or "0", (*path, "value")),
            has_histogram=bool(self._text(given, "histogram", path)),
        )

    def _number(self, text: str, path: KeyPath) -> float:
        try:
            if _WHOLE.fullmatch(text):
                return float(int(text, 0))
            if _NUMBER.fullmatch(text):
                return float(re.sub(r"\.(?=inf|nan)", "", text, flags=re.IGNORECASE))
        except (ValueError, OverflowError):
            pass
        raise self._refuse(f"{text!r} is no number", path)

    def _start(self, given: Mapping[str, object], path: KeyPath) -> int:
        text = self._text(given, "start_timestamp", path)
        if not text:
            return 0
        try:
            if re.fullmatch(r"-?\d+(\.\d*)?", text, re.ASCII):
                return round(float(text) * 1000)
            moment = datetime.datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return round(moment.timestamp() * 1000)
        except (ValueError, OverflowError):
            pass
        message = f"{text!r} is no time: write seconds since 1970, or as 2021-01-01T00:00:00Z"
        raise self._refuse(message, (*path, "start_timestamp"))

    def _duration(self, given: Mapping[str, object], key: str, path: KeyPath) -> int:
        text = self._text(given, key, path)
        try:
            return Duration.parse(text).ms if text else 0
        except ValueError as error:
            raise self._refuse(str(error), (*path, key)) from error

    def _flag(self, given: Mapping[str, object], key: str) -> bool:
        text = self._text(given, key, ())
        if text not in ("", "true", "false"):
            raise self._refuse(f"{text!r} is neither true nor false", (key,))
        return text == "true"

    def _text(self, given: Mapping[str, object], key: str, path: KeyPath) -> str:
        value = given.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._refuse("a text is expected here", (*path, key))
        return value

    def _texts(self, values: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
        for place, value in self._entries(values, path):
            if not isinstance(value, str):
                raise self._refuse("a text is expected here", place)
            yield place, value

    def _labels(self, values: object, path: KeyPath) -> Mapping[str, str]:
        given = {} if values is None else values
        if not isinstance(given, Mapping):
            raise self._refuse("names and texts are expected here", path)
        return {str(name): self._text(given, name, path) for name in given}

    def _list(self, given: Mapping[str, object], key: str, path: KeyPath) -> Sequence[tuple[KeyPath, object]]:
        return list(self._entries(given.get(key), (*path, key)))

    def _entries(self, values: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
        if values is None:
            return
        if not isinstance(values, list):
            raise self._refuse("a list is expected here", path)
        for number, entry in enumerate(values):
            yield (*path, number), entry

    def _mapping(self, values: object, path: KeyPath, known: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(values, Mapping):
            raise self._refuse(f"keys are expected here: {', '.join(known)}", path)
        for key in values:
            if key not in known:
                raise self._refuse(f"unknown key {key!r}: there are {', '.join(known)}", (*path, str(key)))
        return values
