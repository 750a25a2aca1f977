"""Limits on series: how many, how many new ones a minute, and how large labels may be. On by default.

The head asks before it gives a series a column. What is refused is left out, counted and named; series that are there
already never notice.
"""

from collections.abc import Sequence

from barograph.model.clock import Clock
from barograph.model.labels import Labels
from barograph.tsdb.config import LimitsConfig

_MINUTE_S = 60.0


class SeriesLimits:
    """Decides which new series are taken. Used by the store's thread.

    Attributes:
        refused: How often a series was refused.
    """

    def __init__(self, config: LimitsConfig, clock: Clock) -> None:
        self.refused = 0
        self._config = config
        self._clock = clock
        self._minute_s = clock.monotonic_s()
        self._new = 0
        self._said: dict[str, tuple[int, Labels]] = {}
        """What was refused since it was last told, by why: how many, and one of them."""

    def admit(self, fresh: Sequence[Labels], held: int) -> list[bool]:
        """Tell for each new series whether it is taken.

        Args:
            fresh: The series.
            held: How many series the head has already.
        """
        self._turn()
        taken: list[bool] = []
        for labels in fresh:
            reason = self._too_large(labels) or self._too_many(held)
            taken.append(not reason)
            if reason:
                self.refused += 1
                count, sample = self._said.get(reason, (0, labels))
                self._said[reason] = (count + 1, sample)
            else:
                held += 1
                self._new += 1
        return taken

    @property
    def minute(self) -> float:
        """When the minute began that counts now: what was refused before is worth another try."""
        self._turn()
        return self._minute_s

    def take_notices(self) -> list[str]:
        """Return, and forget, a line for each reason that series were refused for."""
        said, self._said = self._said, {}
        return [f"{count:,} new series refused, such as {labels}: {why}" for why, (count, labels) in said.items()]

    def _turn(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._minute_s >= _MINUTE_S:
            self._minute_s, self._new = now_s, 0

    def _too_many(self, held: int) -> str:
        config = self._config
        if held >= config.max_series:
            return f"{config.max_series:,} series are held already; raise store.limits.max_series or send fewer"
        if self._new >= config.new_series_per_minute:
            most = config.new_series_per_minute
            return f"{most:,} new series came within a minute; raise store.limits.new_series_per_minute or wait"
        return ""

    def _too_large(self, labels: Labels) -> str:
        config = self._config
        if len(labels) > config.labels_per_series:
            return f"it has more than {config.labels_per_series} labels; raise store.limits.labels_per_series"
        for name, value in labels:
            if len(name.encode()) > config.label_name_bytes:
                most = config.label_name_bytes
                return f"a label's name has more than {most:,} bytes; raise store.limits.label_name_bytes"
            if len(value.encode("utf-8", "surrogateescape")) > config.label_value_bytes:
                most = config.label_value_bytes
                return f"a label's value has more than {most:,} bytes; raise store.limits.label_value_bytes"
        return ""
