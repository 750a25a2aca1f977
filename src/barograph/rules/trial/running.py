"""Runs the groups of a unit-test file on the evaluator that runs live, over a store in memory. Called by `test rules`.

As promtool does: all groups of rules are evaluated at each evaluation interval, whatever their own, one after the
other; an alert test looks at the newest evaluation at or before its instant, an expression at all that there is.
"""

import math
from collections.abc import Iterator, Sequence

from barograph.model.alert import AlertPhase, RuleAlert
from barograph.model.clock import Clock
from barograph.model.errors import BarographError
from barograph.model.units import Duration
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.rules.alerting import AlertingRule
from barograph.rules.cohort import Bench, Cohort, rows_of
from barograph.rules.group import Group, GroupDefaults, RuleFile, make_groups
from barograph.rules.state import Health, RuleSettings
from barograph.rules.template_texts import TemplateTexts
from barograph.rules.trial.reading import AlertCase, ExpectedAlert, ExprCase, TrialFile, TrialGroup
from barograph.rules.trial.store import TrialStore
from barograph.rules.trial.telling import FiringAlert, GotSample, tell_alerts, tell_error, tell_rule, tell_samples
from barograph.templates.times import write_span
from barograph.templates.values import Span

_NO_HISTOGRAMS = "native histograms are not supported"
_ALERT_NAME = "alertname"
_ALL = 2**31


def run_trial(file: TrialFile, rules: Sequence[RuleFile], clock: Clock, group: TrialGroup) -> list[str]:
    """Run one group of tests; return what failed, in promtool's words.

    A series of native histograms fails by itself: it is left out, and the rest is run without it.
    """
    unknown = [f"    series {series.labels}: {_NO_HISTOGRAMS}" for series in group.series if series.has_histogram]
    return [*unknown, *_Trial(file, rules, clock, group).run()]


class _NoHurry:
    """A budget without an end: whoever runs tests waits for them."""

    def left_s(self) -> float:
        return 3600.0

    def is_whole(self) -> bool:
        return True


class _Trial:
    """One run of one group of tests."""

    def __init__(self, file: TrialFile, rules: Sequence[RuleFile], clock: Clock, group: TrialGroup) -> None:
        self._file = file
        self._group = group
        self._store = TrialStore()
        # of a series that is given twice the later one counts, alone
        for series in {each.labels: each for each in group.series}.values():
            samples = [
                (group.start_ms + place * group.interval_ms, point)
                for place, point in enumerate(series.points)
                if point is not None
            ]
            self._store.give(series.labels, [at for at, _ in samples], [value for _, value in samples])
        self._engine = Engine(self._store, QueryConfig(), clock)
        self._groups = self._ordered(rules)
        # each group by itself: what one records is there for the next
        self._cohorts = [Cohort([each]) for each in self._groups]
        self._bench = Bench(
            engine=self._engine, appender=self._store, clock=clock, budget=_NoHurry(), changed=_not_interested
        )

    def run(self) -> Iterator[str]:
        """Evaluate all rules up to the last test, and look; yields what failed."""
        yield from self._evaluate()
        self._store.until_ms = max(self._store.until_ms, self._group.start_ms + self._group.last_ms)
        for case in self._group.exprs:
            failure = self._check_expr(case)
            if failure:
                yield failure

    def _ordered(self, rules: Sequence[RuleFile]) -> list[Group]:
        settings = RuleSettings(
            external_labels=self._group.external_labels,
            external_url=self._group.external_url,
            parse_text=TemplateTexts(self._engine).parse,
            refresh_ms=0,
            max_stored=_ALL,
        )
        groups = make_groups(rules, self._engine, settings, GroupDefaults(interval_ms=self._file.interval_ms))
        order = self._file.order
        return sorted(groups, key=lambda group: order.get(group.spec.name, 0))

    def _evaluate(self) -> Iterator[str]:
        interval_ms, start_ms = self._file.interval_ms, self._group.start_ms
        waiting = sorted(self._group.alerts, key=lambda case: case.at_ms)
        for after_ms in range(0, self._group.last_ms + 1, interval_ms):
            at_ms = start_ms + after_ms
            self._store.until_ms = at_ms
            for cohort in self._cohorts:
                for _ in cohort.evaluate(at_ms, self._bench):
                    pass
            self._bench.shared.clear()
            failed = list(self._failures(after_ms))
            if failed:
                yield from failed
                return
            while waiting and waiting[0].at_ms < after_ms + interval_ms:
                failure = self._check_alerts(waiting.pop(0))
                if failure:
                    yield failure

    def _failures(self, after_ms: int) -> Iterator[str]:
        for group in self._groups:
            for runnable in group.rules:
                status = runnable.rule.status
                if status.health is Health.ERR:
                    yield tell_rule(runnable.rule.name.rule, write_span(Span(after_ms * 1_000_000)), status.last_error)

    def _check_alerts(self, case: AlertCase) -> str:
        expected = sorted(_expected(alert, case.name) for alert in case.expected)
        got = sorted(self._firing(case.name))
        return "" if got == expected else tell_alerts(self._group, case, _time(case.at_ms), expected, got)

    def _firing(self, name: str) -> Iterator[FiringAlert]:
        for group in self._groups:
            for runnable in group.rules:
                rule = runnable.rule
                if isinstance(rule, AlertingRule) and rule.name.rule == name:
                    for active in rule.alerts.values():
                        if active.phase is AlertPhase.FIRING:
                            yield FiringAlert.of(active.labels.to_dict(), active.annotations)

    def _check_expr(self, case: ExprCase) -> str:
        at = _time(case.at_ms)
        if any(sample.has_histogram for sample in case.expected):
            return tell_error(case, at, _NO_HISTOGRAMS)
        try:
            rows = rows_of(self._engine.instant(case.expr, self._group.start_ms + case.at_ms))
        except BarographError as error:
            return tell_error(case, at, str(error))
        got = [GotSample(labels, value) for labels, value in zip(rows.labels, rows.values.tolist(), strict=True)]
        expected = [GotSample(sample.labels, sample.value) for sample in case.expected]
        got.sort(key=lambda sample: sample.labels)
        expected.sort(key=lambda sample: sample.labels)
        if len(got) == len(expected) and all(map(self._is_same, expected, got)):
            return ""
        return tell_samples(case, at, expected, got)

    def _is_same(self, expected: GotSample, got: GotSample) -> bool:
        return expected.labels == got.labels and self._is_equal(expected.value, got.value)

    def _is_equal(self, expected: float, got: float) -> bool:
        if expected == got:
            return True
        if not self._file.is_fuzzy:
            return False
        return math.nextafter(expected, -math.inf) == got or math.nextafter(expected, math.inf) == got


def _expected(alert: ExpectedAlert, name: str) -> FiringAlert:
    return FiringAlert.of({**alert.labels, _ALERT_NAME: name}, alert.annotations)


def _time(after_ms: int) -> str:
    return str(Duration(after_ms))


def _not_interested(_: RuleAlert) -> None:
    """Nobody is told of alerts that are only tried."""
