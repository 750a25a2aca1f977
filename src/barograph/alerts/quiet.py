"""What keeps alerts quiet now: silences and graver alerts. Asked by whoever sends and whoever shows.

`Quiet` is made anew for each look at the live alerts, since what fires decides what is inhibited; `Quieting` goes along
with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from barograph.alerts.inhibition import Inhibitor, InhibitRule, may_inhibit
from barograph.alerts.silences import Silence, SilenceState, silenced_by
from barograph.model.alert_state import SEVERITY, AlertRecord
from barograph.model.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietReason:
    """Why an alert is not told: ids of silences, and the number of a graver alert (0: none)."""

    silences: tuple[str, ...] = ()
    inhibited_by: int = 0

    def __bool__(self) -> bool:
        return bool(self.silences or self.inhibited_by)


NOT_QUIET = QuietReason()


class Quiet:
    """What was quiet at an instant.

    Args:
        silences: All that may count.
        rules: Of inhibition.
        live: All alerts that have not ended, or of them those that a rule may name as a source.
        now_ms: The instant.
    """

    def __init__(
        self, silences: Iterable[Silence], rules: Sequence[InhibitRule], live: Iterable[AlertRecord], now_ms: int
    ) -> None:
        self._now_ms = now_ms
        self._active = [each for each in silences if each.state(now_ms) is SilenceState.ACTIVE]
        firing = {record.number: labels_of(record) for record in live if record.fired_ms} if rules else {}
        self._inhibitor = Inhibitor(rules, firing)

    @property
    def is_idle(self) -> bool:
        """Whether nothing keeps any alert quiet."""
        return not self._active and self._inhibitor.is_idle

    def reason(self, record: AlertRecord) -> QuietReason:
        """Return why an alert is quiet; false where it is not."""
        if self.is_idle:
            return NOT_QUIET
        labels = labels_of(record)
        silences = silenced_by(self._active, labels, self._now_ms) if self._active else ()
        return QuietReason(silences=silences, inhibited_by=self._inhibitor.inhibited_by(labels))


class Quieting:
    """What is quiet, from one look to the next: of the alerts that fire it keeps those that may keep others quiet.

    Args:
        rules: Of inhibition.
    """

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = rules
        self._sources: dict[int, Labels] = {}
        self.look((), 0)

    def note(self, record: AlertRecord) -> None:
        """Take in how an alert stands; it counts from the next look on."""
        if record.fired_ms and not record.ended_ms:
            labels = labels_of(record)
            if may_inhibit(self._rules, labels):
                self._sources[record.number] = labels
                return
        self._sources.pop(record.number, None)

    def look(self, silences: Iterable[Silence], now_ms: int) -> None:
        """Decide by what stands at an instant."""
        self._now_ms = now_ms
        self._active = [silence for silence in silences if silence.state(now_ms) is SilenceState.ACTIVE]
        self._inhibitor = Inhibitor(self._rules, self._sources)

    def is_quiet(self, record: AlertRecord) -> bool:
        """Tell whether anything kept an alert quiet at the last look."""
        if not self._active and self._inhibitor.is_idle:
            return False
        labels = labels_of(record)
        return bool(silenced_by(self._active, labels, self._now_ms)) or bool(self._inhibitor.inhibited_by(labels))


def labels_of(record: AlertRecord) -> Labels:
    """Return an alert's labels with its severity, as routes, silences and receivers know it."""
    if not record.severity:
        return Labels.from_sorted(record.labels)
    return Labels([*record.labels, (SEVERITY, record.severity)])
