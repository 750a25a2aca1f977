"""The values of the section `thresholds` -> thresholds, and every refusal with its place. Pure; called by app.

The stock alerts (`stock/`) are written in the same form; what a user gives under the name of one changes only what it
says.
"""

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from barograph.model.errors import QueryError, TemplateError
from barograph.model.labels import METRIC_NAME, is_legacy_name
from barograph.model.units import Duration
from barograph.promql.ast import VectorSelector
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.rules.rulefile import KeyPath, Refuse
from barograph.rules.thresholds import DEFAULT_INTERVAL_MS, RECORD_PREFIX, SEVERITIES, Limit, Override, Threshold
from barograph.templates.template import parse as parse_template

_TEXTS = ("summary", "description", "runbook")
_KEYS = (
    "enabled", "expr", "interval", "for", "keep_firing_for", *SEVERITIES, "overrides", "labels", *_TEXTS,
)  # fmt: skip
STOCK_KEY = "stock"
"""The entry that says whether stock alerts are there at all."""
_LIMIT_KEYS = ("above", "below", "clear", "for")


def read_thresholds(
    values: Mapping[str, object], stock: Mapping[str, Threshold], refuse: Refuse, path: KeyPath = ("thresholds",)
) -> dict[str, Threshold]:
    """Return the stock thresholds as they are changed, then those that are new.

    `stock: false` among the values leaves out every stock threshold that has no entry of its own.

    Raises:
        ConfigError: A value cannot be used; the first one is told.
    """
    wants_stock = values.get(STOCK_KEY, True)
    if not isinstance(wants_stock, bool):
        raise refuse("true or false is expected", (*path, STOCK_KEY))
    found = {name: threshold for name, threshold in stock.items() if wants_stock or name in values}
    for name, given in values.items():
        if name == STOCK_KEY:
            continue
        near = difflib.get_close_matches(name, stock, 1)
        if name not in stock and near and not (isinstance(given, Mapping) and "expr" in given):
            message = f"no stock alert is called {name!r}: did you mean {near[0]!r}? One of your own needs an expr"
            raise refuse(message, (*path, name))
        found[name] = _Reader(refuse, (*path, name), stock.get(name)).read(name, given)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one threshold, on top of the one that is changed."""

    refuse: Refuse
    path: KeyPath
    base: Threshold | None

    def read(self, name: str, given: object) -> Threshold:
        if not is_legacy_name(name):
            raise self.refuse(f"{name!r} is no name for an alert: letters, digits and _ are expected", self.path)
        if given is False and self.base is not None:
            return replace(self.base, enabled=False)
        values = self._mapping(given, self.path, _KEYS)
        base = self.base or Threshold(name=name, expr="", limits={})
        read = replace(
            base,
            enabled=self._flag(values, "enabled", default=base.enabled),
            expr=self._expression(values, base.expr),
            interval_ms=self._duration(values, "interval", self.path, base.interval_ms) or DEFAULT_INTERVAL_MS,
            for_ms=self._duration(values, "for", self.path, base.for_ms) or 0,
            keep_firing_ms=self._duration(values, "keep_firing_for", self.path, base.keep_firing_ms) or 0,
            limits=self._limits(values, base),
            labels={**base.labels, **self._labels(values)},
            annotations={**base.annotations, **self._annotations(values)},
        )
        if not read.limits:
            raise self.refuse(f"an alert needs a limit: give one of {', '.join(SEVERITIES)}", self.path)
        return replace(read, overrides=self._overrides(values, read))

    def _expression(self, values: Mapping[str, object], default: str) -> str:
        expr = values.get("expr", default)
        path = (*self.path, "expr")
        if not isinstance(expr, str) or not expr.strip():
            raise self.refuse("an expression of PromQL is expected, expr", path if "expr" in values else self.path)
        try:
            parse(expr, SIGNATURES)
        except QueryError as error:
            where = "" if error.position is None else f" (at character {error.position + 1})"
            raise self.refuse(f"the expression cannot be used: {error.message}{where}", path) from error
        return expr.strip()

    def _limits(self, values: Mapping[str, object], base: Threshold) -> dict[str, Limit]:
        limits = dict(base.limits)
        for severity in SEVERITIES:
            if severity not in values:
                continue
            path = (*self.path, severity)
            if values[severity] is False:
                limits.pop(severity, None)
            else:
                fallback = base.limits.get(severity) or next(iter(base.limits.values()), None)
                limits[severity] = self._limit(values[severity], base.limits.get(severity), fallback, path)
        return limits

    def _limit(self, given: object, before: Limit | None, like: Limit | None, path: KeyPath) -> Limit:
        """Read a number, or `{above: 90, clear: 85, for: 5m}`.

        Args:
            given: What was written.
            before: The limit that is changed: a number alone keeps its distance to the second value.
            like: Which direction a number alone has.
            path: Where it stands.
        """
        if not isinstance(given, Mapping):
            fire = self._number(given, path)
            moved = before or Limit(fire=fire, clear=fire, is_above=like is None or like.is_above)
            return replace(moved, fire=fire, clear=fire + (moved.clear - moved.fire if before else 0.0))
        values = self._mapping(given, path, _LIMIT_KEYS)
        if ("above" in values) == ("below" in values):
            raise self.refuse("one of above and below is expected: beyond which value it fires", path)
        side = "above" if "above" in values else "below"
        fire = self._number(values[side], (*path, side))
        clear = self._number(values["clear"], (*path, "clear")) if "clear" in values else fire
        if (clear > fire) if side == "above" else (clear < fire):
            message = f"clear is {clear:g}: it is over at a value on the other side of {side} {fire:g}"
            raise self.refuse(message, (*path, "clear"))
        for_ms = self._duration(values, "for", path, None)
        return Limit(fire=fire, clear=clear, is_above=side == "above", for_ms=for_ms)

    def _overrides(self, values: Mapping[str, object], read: Threshold) -> tuple[Override, ...]:
        given = values.get("overrides")
        if given is None:
            return read.overrides
        path = (*self.path, "overrides")
        if not isinstance(given, Mapping):
            raise self.refuse("""selectors with their limits are expected, such as '{device="sda"}': 97""", path)
        own = [self._override(str(selector), limits, read, (*path, selector)) for selector, limits in given.items()]
        mine = {override.selector for override in own}
        return (*own, *(override for override in read.overrides if override.selector not in mine))

    def _override_limit(self, given: object, severity: str, read: Threshold, path: KeyPath) -> Limit:
        if isinstance(given, Mapping) and "for" in given:
            raise self.refuse(f"for stands at {severity} itself: it is the same for all series", (*path, "for"))
        return self._limit(given, read.limits.get(severity), next(iter(read.limits.values())), path)

    def _override(self, selector: str, given: object, read: Threshold, path: KeyPath) -> Override:
        self._check_selector(selector, path)
        if given is False:
            return Override(selector=selector, limits={})
        if not isinstance(given, Mapping):
            value = self._number(given, path)
            limits = {severity: _not_before(limit, value) for severity, limit in read.limits.items()}
            return Override(selector=selector, limits=limits)
        values = self._mapping(given, path, SEVERITIES)
        limits = {
            severity: self._override_limit(values[severity], severity, read, (*path, severity))
            for severity in SEVERITIES
            if severity in values and values[severity] is not False
        }
        kept = {severity: limit for severity, limit in read.limits.items() if severity not in values}
        return Override(selector=selector, limits={**kept, **limits})

    def _check_selector(self, selector: str, path: KeyPath) -> None:
        message = f"""{selector!r} is no selector of labels, such as {{mountpoint="/backup"}}"""
        try:
            tree = parse(RECORD_PREFIX + "x" + selector, SIGNATURES)
        except QueryError as error:
            raise self.refuse(f"{message}: {error.message}", path) from error
        if not isinstance(tree, VectorSelector) or not selector.startswith("{") or not selector.endswith("}"):
            raise self.refuse(message, path)
        if any(matcher.name == METRIC_NAME for matcher in tree.matchers[1:]):
            raise self.refuse(f"{message}, without a name", path)

    def _labels(self, values: Mapping[str, object]) -> dict[str, str]:
        labels = self._texts(values.get("labels"), (*self.path, "labels"))
        for name in labels:
            if not name or name in (METRIC_NAME, "severity", "alertname", "alertstate"):
                raise self.refuse(f"{name!r} cannot be set here", (*self.path, "labels", name))
        return labels

    def _annotations(self, values: Mapping[str, object]) -> dict[str, str]:
        texts = self._texts({name: values[name] for name in _TEXTS if name in values}, self.path)
        for name, text in texts.items():
            try:
                parse_template(text)
            except TemplateError as error:
                raise self.refuse(f"the template cannot be used: {error.message}", (*self.path, name)) from error
        return texts

    def _texts(self, values: object, path: KeyPath) -> dict[str, str]:
        if values is None:
            return {}
        if not isinstance(values, Mapping):
            raise self.refuse("names and texts are expected here", path)
        for name, value in values.items():
            if not isinstance(value, str):
                raise self.refuse("a text is expected", (*path, str(name)))
        return {str(name): value for name, value in values.items()}

    def _flag(self, values: Mapping[str, object], key: str, *, default: bool) -> bool:
        value = values.get(key, default)
        if not isinstance(value, bool):
            raise self.refuse("true or false is expected", (*self.path, key))
        return value

    def _number(self, value: object, path: KeyPath) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.refuse(f"{value!r} is no limit: a number is expected", path)
        return float(value)

    def _duration(self, values: Mapping[str, object], key: str, path: KeyPath, default: int | None) -> int | None:
        value = values.get(key)
        if value is None:
            return default
        try:
            return Duration.parse(str(value)).ms
        except ValueError as error:
            raise self.refuse(str(error), (*path, key)) from error

    def _mapping(self, given: object, path: KeyPath, known: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(given, Mapping):
            raise self.refuse(f"keys are expected here: {', '.join(known)}", path)
        for key in given:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
                raise self.refuse(f"unknown key {key!r}; {hint}", (*path, str(key)))
        return given


def _not_before(limit: Limit, value: float) -> Limit:
    """Return a limit that is not reached before a value; the distance to the second value stays."""
    reached_before = limit.fire < value if limit.is_above else limit.fire > value
    return replace(limit, fire=value, clear=value + limit.clear - limit.fire) if reached_before else limit
