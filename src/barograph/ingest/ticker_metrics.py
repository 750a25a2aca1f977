"""What the ticker tells of itself. Stored with each tick, so that a gauge of lateness is a complete record of it."""

from barograph.telemetry.metrics import Telemetry

_LATE_S = 0.010
_STEPS = ("collect", "append", "commit", "publish", "follow", "maintain")


class TickerMetrics:
    """The series, made at once so that they are there before anything went wrong."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._ticks = telemetry.counter("barograph_ticks_total", "Ticks done.").labels()
        self.missed = telemetry.counter("barograph_ticks_missed_total", "Instants passed over without a tick.").labels()
        self._late = telemetry.counter(
            "barograph_ticks_late_total", "Ticks committed more than 10 ms after their instant."
        ).labels()
        self._late_s = telemetry.gauge(
            "barograph_tick_late_seconds", "How long after its planned instant the tick before this one was committed."
        ).labels()
        self.start_late = telemetry.gauge(
            "barograph_tick_start_late_seconds", "How long after its planned instant this tick began."
        ).labels()
        self.set_back = telemetry.counter(
            "barograph_clock_set_back_total", "Times that the clock was set back, so that instants came again."
        ).labels()
        failures = telemetry.counter("barograph_tick_failures_total", "Steps of ticks that failed and were left out.")
        self.failures = {step: failures.labels(step=step) for step in _STEPS}

    def tick_done(self, late_s: float) -> None:
        """Count a tick that was committed this long after its instant."""
        self._ticks.inc()
        self._late_s.set(late_s)
        self._late.inc(float(late_s > _LATE_S))
