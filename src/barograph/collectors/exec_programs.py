"""The exec collector: programs of the configuration whose output is metrics. Run on threads of their own, off the tick.

A program is an argument list, no shell; it runs as another user where this one may change, with limits of time and
output, and nothing on its standard input. One that hangs, floods or dies costs its own metrics only.
"""

import threading
from collections.abc import Sequence

import msgspec

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.program import Limits, Outcome, account_of, run_program
from barograph.collectors.readings import PlainCollector, Reading
from barograph.formats.exposition import parse_exposition
from barograph.model.batch import Family, MetricType
from barograph.model.clock import Clock
from barograph.model.errors import ConfigError, FormatError, NoDataError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.units import Duration, Size

_SUCCESS = gauge("barograph_exec_success", "Whether a program's last run gave metrics.")
_DURATION = gauge("barograph_exec_duration_seconds", "How long a program's last run took.")
_FAILURES = counter("barograph_exec_failures_total", "Runs of a program that failed, by reason.")
_REASONS = ("timeout", "output", "status", "format", "start")
_LEAST_INTERVAL_MS = 1000
_KEPT_INTERVALS = 3
"""What a program said is shown for so many intervals, then no more: a program that is late is not gone."""


class ExecProgram(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `programs`.

    Attributes:
        name: The program's name in our metrics.
        command: The program and its arguments; no shell looks at them.
        interval: How often it runs.
        timeout: How long a run may take; then it and what it started are killed.
        max_output: How much it may write; then it is killed.
        user: Who it runs as, where Barograph may change its user; `nobody` where this is not set.
    """

    name: str
    command: tuple[str, ...]
    interval: Duration = Duration.parse("1m")
    timeout: Duration = Duration.parse("10s")
    max_output: Size = Size.parse("1MiB")
    user: str = "nobody"


class ExecConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `collectors.exec`.

    Attributes:
        programs: What runs.
    """

    programs: tuple[ExecProgram, ...] = ()


class ExecCollector(PlainCollector):
    """Fills what the programs said last. See `model.protocols.Collector`.

    Raises:
        ConfigError: A program cannot be run so.
    """

    name = "exec"

    def __init__(self, host: Host, config: ExecConfig) -> None:
        super().__init__()
        self._clock = host.clock
        self._programs = [
            _Program(p, f"collectors.exec.programs[{i}]", host.clock) for i, p in enumerate(config.programs)
        ]
        names = [program.name for program in self._programs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"{twice!r} is the name of two programs", path="collectors.exec.programs")

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        if not self._programs:
            raise NoDataError("no program is configured: collectors.exec.programs names them")
        readings: list[Reading] = []
        seen: set[Labels] = set()
        for program in self._programs:
            program.run_if_due()
            readings += program.readings(seen)
        return readings

    def close(self) -> None:
        """Let no run begin; one that is under way ends at its time limit."""
        for program in self._programs:
            program.stop()


class _Program:
    """One program, its thread, and what it said."""

    def __init__(self, program: ExecProgram, place: str, clock: Clock) -> None:
        self.name = program.name
        self._program, self._clock = program, clock
        self._limits = _limits(program, place)
        self._due_s = clock.monotonic_s()
        self._running: threading.Thread | None = None
        self._stopped = False
        self._said: tuple[float, list[tuple[Labels, Reading]]] = (0.0, [])
        self._success = 0.0
        self._duration_s = 0.0
        self._has_run = False
        labels = {"program": program.name}
        self._specs = (SeriesSpec(_SUCCESS, labels), SeriesSpec(_DURATION, labels))
        self._failures = dict.fromkeys(_REASONS, 0)
        self._failure_specs = {reason: SeriesSpec(_FAILURES, {**labels, "reason": reason}) for reason in _REASONS}

    def run_if_due(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._stopped or now_s < self._due_s or (self._running is not None and self._running.is_alive()):
            return
        self._due_s = now_s + self._program.interval.ms / 1000
        self._running = threading.Thread(target=self._run, name=f"exec-{self.name}", daemon=True)
        self._running.start()

    def readings(self, seen: set[Labels]) -> list[Reading]:
        """Return its metrics and its health; a series that another program has already is left out."""
        at_s, said = self._said
        found: list[Reading] = []
        if self._clock.monotonic_s() - at_s <= _KEPT_INTERVALS * self._program.interval.ms / 1000:
            for labels, reading in said:
                if labels not in seen:
                    seen.add(labels)
                    found.append(reading)
        if self._has_run:
            found += [(self._specs[0], self._success), (self._specs[1], self._duration_s)]
        return found + [(self._failure_specs[reason], float(count)) for reason, count in self._failures.items()]

    def stop(self) -> None:
        self._stopped = True

    def join(self) -> None:
        """Wait for the run under way."""
        if self._running is not None:
            self._running.join()

    def _run(self) -> None:
        began_s = self._clock.monotonic_s()
        outcome = run_program(self._limits, self._clock)
        ended_s = self._clock.monotonic_s()
        reason, said = _metrics_of(outcome)
        if reason:
            self._failures[reason] += 1
        else:
            self._said = (ended_s, said)
        self._duration_s, self._success, self._has_run = ended_s - began_s, float(not reason), True


def _limits(program: ExecProgram, place: str) -> Limits:
    if not program.command or not program.command[0].startswith("/"):
        raise ConfigError("a command begins with the whole path of a program", path=f"{place}.command")
    if program.interval.ms < _LEAST_INTERVAL_MS:
        raise ConfigError(f"{program.interval} is too short: 1s is the shortest", path=f"{place}.interval")
    if not 0 < program.timeout.ms <= program.interval.ms:
        message = f"{program.timeout} must be more than nothing and at most the interval, {program.interval}"
        raise ConfigError(message, path=f"{place}.timeout")
    return Limits(
        command=program.command,
        timeout_s=program.timeout.ms / 1000,
        max_output_bytes=program.max_output.bytes,
        account=account_of(program.user, f"{place}.user"),
    )


def _metrics_of(outcome: Outcome) -> tuple[str, list[tuple[Labels, Reading]]]:
    """Return why a run gave nothing, or its metrics."""
    if outcome.failure:
        return outcome.failure, []
    try:
        exposition = parse_exposition(outcome.output)
    except FormatError:
        return "format", []
    found: list[tuple[Labels, Reading]] = []
    for sample in exposition.samples:
        name = sample.labels.name
        family = exposition.families.get(name) or Family(name, MetricType.UNTYPED, "")
        labels = {key: value for key, value in sample.labels.pairs if key != METRIC_NAME}
        found.append((sample.labels, (SeriesSpec(family, labels), sample.value)))
    return "", found


def _families() -> Sequence[Family]:
    return (_SUCCESS, _DURATION, _FAILURES, Family("*", MetricType.UNTYPED, "What the programs say"))


ENTRY = CollectorEntry(
    factory=ExecCollector,
    section=ExecConfig,
    default=True,
    summary="Programs whose output is metrics",
    files=("the programs that are configured",),
    families=tuple(_families()),
    privileges="root: programs run as their own user",
)
