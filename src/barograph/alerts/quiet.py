"""What keeps alerts quiet now: silences and graver alerts. Asked by whoever sends and whoever shows.

Made anew for each look at the live alerts, since what fires decides what is inhibited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from barograph.alerts.inhibition import Inhibitor, InhibitRule
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


def labels_of(record: AlertRecord) -> Labels:
    """Return an alert's labels with its severity, as routes, silences and receivers know it."""
    if not record.severity:
        return Labels.from_sorted(record.labels)
    return Labels([*record.labels, (SEVERITY, record.severity)])
