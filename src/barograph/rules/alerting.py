"""An alerting rule: from the rows of its expression to alerts that are pending, fire and are over.

Pure: it decides as Prometheus does (alerting_rules.md), reads no clock and asks nothing. The runner calls it at each
evaluation, and a hypothesis state machine checks it against a naive model. A large result is taken in slices, so that
whoever drives it can pause in between.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import islice

import numpy as np

from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.errors import QueryError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import FloatArray
from barograph.rules.columns import RuleColumns
from barograph.rules.rulefile import Rule
from barograph.rules.state import Active, Changed, Rows, RuleSettings, RuleStatus
from barograph.rules.texts import RowText, Texts

ALERT_NAME = "alertname"
ALERT_SERIES = ("ALERTS", "ALERTS_FOR_STATE")
_STATE = "alertstate"
_SLICE = 200
"""Alerts that change between two chances to pause: a few milliseconds."""
_SAME_LABELS = "vector contains metrics with the same labelset after applying alert labels"


class AlertingRule:
    """One alerting rule and its alerts.

    Args:
        rule: As written, with the labels of its group.
        name: Where it stands.
        settings: What all rules share.
    """

    def __init__(self, rule: Rule, name: RuleName, settings: RuleSettings) -> None:
        self.rule = rule
        self.name = name
        self.status = RuleStatus()
        self.columns = RuleColumns()
        self.alerts: dict[Labels, Active] = {}
        self.recorded = frozenset(ALERT_SERIES)
        self._settings = settings
        template = f"__alert_{rule.name}"  # what Prometheus calls it
        self._label_texts = Texts(rule.labels, settings.parse_text, template)
        self._annotations = Texts(rule.annotations, settings.parse_text, template)
        self._of_row: dict[Labels, Active] = {}
        """Alerts by the row they come from, where its labels alone decide what the alert is."""
        self._waiting: dict[Labels, Active] = {}
        """Alerts that are pending."""
        self._held: dict[Labels, Active] = {}
        """Alerts that only `keep_firing_for` keeps."""
        self._evaluation = 0
        self._refreshed_ms = 0
        self._written: tuple[tuple[Labels, ...], FloatArray] | None = None
        self._is_clear = False

    @property
    def state(self) -> str:
        """The gravest state of its alerts, in the API's words."""
        if len(self.alerts) > len(self._waiting):
            return AlertPhase.FIRING.value
        return AlertPhase.PENDING.value if self.alerts else "inactive"

    @property
    def is_idle(self) -> bool:
        """Whether it has neither alerts nor series that are still to end."""
        return not self.alerts and self._is_clear

    @property
    def unstored(self) -> int:
        """How many of its alerts have no series of their own, because they are too many."""
        return max(0, len(self.alerts) - self._settings.max_stored)

    def could_have(self, alert: RuleAlert) -> bool:
        """Tell whether an alert may be this rule's: its labels say nothing else than the rule's do."""
        return all("{{" in text or alert.labels.get(name) == text for name, text in self.rule.labels.items())

    def restore(self, alert: RuleAlert) -> None:
        """Take back an alert that was pending or fired before a restart, exactly as it was."""
        external = self._settings.external_labels
        added = {name for name in external if name not in self.rule.labels}
        pairs = [pair for pair in alert.labels.pairs if not (pair[0] in added and external[pair[0]] == pair[1])]
        self._keep(
            Active(
                labels=Labels.from_sorted(tuple(pairs)),
                identity=alert.labels,
                row=None,
                annotations=alert.annotations,
                phase=alert.phase,
                value=alert.value,
                active_ms=alert.active_ms,
                fired_ms=alert.fired_ms,
                keep_firing_ms=alert.keep_firing_ms,
            )
        )

    def adopt(self, before: "AlertingRule", changed: Changed, at_ms: int) -> None:
        """Go on from where the same rule was before its file was read again."""
        self.status, self.columns = before.status, before.columns
        if before._settings.external_labels != self._settings.external_labels:
            # what an alert is has changed: the old ones end, and begin anew under their new labels
            before.end_all(changed, at_ms)
        for active in before.alerts.values():
            # evaluations are counted anew here, and rows are looked up anew
            active.rendered_ms, active.seen, active.row = 0, 0, None
            self._keep(active)

    def end_all(self, changed: Changed, at_ms: int) -> None:
        """End every alert: the rule is gone, or gives more than it may."""
        for active in list(self.alerts.values()):
            self._end(active, at_ms, changed)

    def shift(self, by_ms: int, changed: Changed) -> None:
        """Move what ages are counted from along with a clock that was set, so that ages stay what they are."""
        self._written = None
        for active in self.alerts.values():
            active.active_ms += by_ms
            if active.keep_firing_ms is not None:
                active.keep_firing_ms += by_ms
            changed(_told(self.name, active, active.phase))

    def evaluate(self, rows: Rows, at_ms: int, changed: Changed, limit: int = 0) -> Iterator[None]:
        """Take the result of one evaluation; all is decided when the iteration ends.

        Args:
            rows: What the expression gave.
            at_ms: The instant of the evaluation.
            changed: Takes what changed.
            limit: The most alerts that the rule may have; 0: any number.

        Raises:
            QueryError: Two rows make the same alert (nothing has changed then), or there are more than the limit.
        """
        if not rows.labels and not self.alerts:
            # the second time in a row: what had to end has ended
            self._is_clear = not self.columns.present
            self.lay_out()
            return
        self._is_clear = False
        fresh: list[Active] = []
        found = yield from self._find(rows, at_ms, fresh)
        self._evaluation += 1
        for active, row, value in zip(found, rows.labels, rows.values.tolist(), strict=True):
            active.seen, active.value = self._evaluation, value
            if active.row is not row:
                self._remember(active, row)
        held_back: list[RuleAlert] = []
        tell = held_back.append if limit else changed
        try:
            yield from self._take_in(fresh, at_ms, tell)
            yield from self._look_after(at_ms, tell)
        except GeneratorExit:
            # given up, since rules are read again: whoever goes on from here goes on from what is so by now
            for change in held_back:
                changed(change)
            raise
        is_over = bool(limit) and len(self.alerts) > limit
        for change in held_back:
            # what ended has ended, however many others there are
            if not is_over or change.ended_ms is not None:
                changed(change)
        if is_over:
            raise self._too_many(limit, fresh, at_ms, changed)
        yield from self._refresh(found, at_ms, changed)
        self.lay_out()

    def lay_out(self) -> None:
        """Lay the series of the alerts out, where they are not those of before."""
        if self._written is None:
            series: list[Labels] = []
            values: list[float] = []
            for active in islice(self.alerts.values(), self._settings.max_stored):
                if active.series is None:
                    active.series = _series_of(active, self.rule.name)
                series += active.series
                values += (1.0, float(active.active_ms // 1000))
            self._written = tuple(series), np.array(values)
        self.columns.put(*self._written)

    def _find(self, rows: Rows, at_ms: int, fresh: list[Active]) -> Generator[None, None, list[Active]]:
        """Return the alert of each row; those that are new are added to `fresh`.

        Raises:
            QueryError: Two rows make the same alert.
        """
        known = [self._of_row.get(labels) for labels in rows.labels]
        taken = {active.labels for active in known if active is not None} if None in known else set()
        found: list[Active] = []
        for place, active in enumerate(known):
            if active is None:
                said = self._said(rows.labels[place], float(rows.values[place]), at_ms)
                labels = self._labels_of(said)
                if labels in taken:
                    raise QueryError(_SAME_LABELS)
                taken.add(labels)
                active = self.alerts.get(labels)
                if active is None:
                    active = self._begin(labels, said)
                    fresh.append(active)
                    if len(fresh) % _SLICE == 0:
                        yield
            found.append(active)
        return found

    def _take_in(self, fresh: Sequence[Active], at_ms: int, changed: Changed) -> Iterator[None]:
        """Keep alerts that are new: they pend, or fire at once."""
        for number, active in enumerate(fresh, 1):
            self._keep(active)
            if self.rule.for_ms <= 0:
                self._fire(active, at_ms, changed)
            else:
                changed(_told(self.name, active, AlertPhase.PENDING))
            if number % _SLICE == 0:
                yield

    def _look_after(self, at_ms: int, changed: Changed) -> Iterator[None]:
        """Let alerts fire whose time has come, and end those whose condition is over."""
        if self._held:
            for active in [each for each in self._held.values() if each.seen == self._evaluation]:
                del self._held[active.labels]
                active.keep_firing_ms = None
                changed(_told(self.name, active, AlertPhase.FIRING))
        number = 0
        for active in [each for each in self.alerts.values() if each.seen != self._evaluation]:
            self._lapse(active, at_ms, changed)
            number += 1
            if number % _SLICE == 0:
                yield
        for active in [each for each in self._waiting.values() if at_ms - each.active_ms >= self.rule.for_ms]:
            self._fire(active, at_ms, changed)
            number += 1
            if number % _SLICE == 0:
                yield

    def _lapse(self, active: Active, at_ms: int, changed: Changed) -> None:
        """Take note that an alert's condition no longer holds."""
        if active.phase is AlertPhase.FIRING and self.rule.keep_firing_ms > 0:
            if active.keep_firing_ms is None:
                active.keep_firing_ms = at_ms
                self._held[active.labels] = active
                changed(_told(self.name, active, AlertPhase.FIRING))
            if at_ms - active.keep_firing_ms < self.rule.keep_firing_ms:
                return
        self._end(active, at_ms, changed)

    def _fire(self, active: Active, at_ms: int, changed: Changed) -> None:
        self._waiting.pop(active.labels, None)
        active.phase, active.fired_ms = AlertPhase.FIRING, at_ms
        active.series = self._written = None
        if self._annotations.may_change and active.rendered_ms != at_ms:
            self._render(active, at_ms)
        changed(_told(self.name, active, AlertPhase.FIRING))

    def _end(self, active: Active, at_ms: int, changed: Changed) -> None:
        self._forget(active)
        phase = AlertPhase.RESOLVED if active.phase is AlertPhase.FIRING else AlertPhase.DROPPED
        changed(_told(self.name, active, phase, at_ms))

    def _too_many(self, limit: int, fresh: Sequence[Active], at_ms: int, changed: Changed) -> QueryError:
        """Clear everything, as Prometheus does; what nobody has heard of goes without a word."""
        error = QueryError(f"exceeded limit of {limit} with {len(self.alerts)} alerts")
        for active in fresh:
            if active.labels in self.alerts:
                self._forget(active)
        self.end_all(changed, at_ms)
        self.lay_out()
        return error

    def _refresh(self, found: Sequence[Active], at_ms: int, changed: Changed) -> Iterator[None]:
        """Make annotations anew where they may have become others, from time to time."""
        period_ms = self._settings.refresh_ms
        if period_ms and self._refreshed_ms <= at_ms < self._refreshed_ms + period_ms:
            return
        self._refreshed_ms = at_ms
        number = 0
        for active in found:
            is_due = not active.rendered_ms or (self._annotations.may_change and active.rendered_ms != at_ms)
            if not is_due or active.labels not in self.alerts:
                continue
            if self._render(active, at_ms):
                changed(_told(self.name, active, active.phase))
            number += 1
            if number % _SLICE == 0:
                yield

    def _render(self, active: Active, at_ms: int) -> bool:
        """Make an alert's annotations anew; tells whether they are others."""
        assert active.row is not None
        before, active.annotations = (
            active.annotations,
            self._annotations.render(self._said(active.row, active.value, at_ms)),
        )
        active.rendered_ms = at_ms
        return before != active.annotations

    def _begin(self, labels: Labels, said: RowText) -> Active:
        return Active(
            labels=labels,
            identity=self._identity_of(labels),
            row=None,
            annotations=self._annotations.render(said),
            phase=AlertPhase.PENDING,
            value=said.value,
            active_ms=said.at_ms,
            rendered_ms=said.at_ms,
        )

    def _keep(self, active: Active) -> None:
        self.alerts[active.labels] = active
        self._written = None
        if active.phase is AlertPhase.PENDING:
            self._waiting[active.labels] = active
        elif active.keep_firing_ms is not None:
            self._held[active.labels] = active

    def _forget(self, active: Active) -> None:
        del self.alerts[active.labels]
        self._written = None
        self._waiting.pop(active.labels, None)
        self._held.pop(active.labels, None)
        if active.row is not None:
            self._of_row.pop(active.row, None)

    def _remember(self, active: Active, row: Labels) -> None:
        """Note which row an alert comes from."""
        if self._label_texts.is_plain and active.row != row:
            if active.row is not None:
                self._of_row.pop(active.row, None)
            self._of_row[row] = active
        active.row = row

    def _said(self, row: Labels, value: float, at_ms: int) -> RowText:
        settings = self._settings
        return RowText(
            labels=row,
            value=value,
            at_ms=at_ms,
            external_labels=settings.external_labels,
            external_url=settings.external_url,
        )

    def _labels_of(self, said: RowText) -> Labels:
        pairs = dict(said.labels.pairs)
        pairs.pop(METRIC_NAME, None)
        pairs.update(self._label_texts.render(said))
        pairs[ALERT_NAME] = self.rule.name
        return Labels(pairs.items())

    def _identity_of(self, labels: Labels) -> Labels:
        external = self._settings.external_labels
        return Labels({**external, **labels.to_dict()}.items()) if external else labels


def _series_of(active: Active, name: str) -> tuple[Labels, Labels]:
    own = {**active.labels.to_dict(), ALERT_NAME: name}
    return (
        Labels({**own, METRIC_NAME: ALERT_SERIES[0], _STATE: active.phase.value}.items()),
        Labels({**own, METRIC_NAME: ALERT_SERIES[1]}.items()),
    )


def _told(name: RuleName, active: Active, phase: AlertPhase, ended_ms: int | None = None) -> RuleAlert:
    """Return an alert as it is handed over."""
    return RuleAlert(
        rule=name,
        labels=active.identity,
        annotations=active.annotations,
        phase=phase,
        value=active.value,
        active_ms=active.active_ms,
        fired_ms=active.fired_ms,
        keep_firing_ms=active.keep_firing_ms,
        ended_ms=ended_ms,
    )
