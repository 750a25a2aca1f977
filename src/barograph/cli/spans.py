"""The instants that a query is evaluated at, from the options that people give. Pure: now is passed in."""

from dataclasses import dataclass
from datetime import tzinfo

from barograph.cli.failure import CommandError
from barograph.cli.times import parse_duration_ms, parse_time_ms

_STEPS = 100
_SHORTEST_MS = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """First and last instant and the distance between two, in ms; a step of 0 is one instant, `end_ms`."""

    start_ms: int
    end_ms: int
    step_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanOptions:
    """`--at`, `--start`, `--end` and `--step` as typed; None where not given."""

    at: str | None = None
    start: str | None = None
    end: str | None = None
    step: str | None = None


def parse_span(options: SpanOptions, now_ms: int, zone: tzinfo) -> Span:
    """Return the instants that options mean.

    Raises:
        CommandError: They contradict each other, or one is no time or duration.
    """
    if options.start is None:
        if options.end is not None or options.step is not None:
            raise CommandError("--end and --step belong to a range: give --start too, or --at for one instant", 2)
        at_ms = now_ms if options.at is None else parse_time_ms(options.at, now_ms, zone)
        return Span(at_ms, at_ms, 0)
    if options.at is not None:
        raise CommandError("--at is one instant and --start opens a range: give one of them", 2)
    start_ms = parse_time_ms(options.start, now_ms, zone)
    end_ms = now_ms if options.end is None else parse_time_ms(options.end, now_ms, zone)
    if end_ms < start_ms:
        raise CommandError(f"--end lies {(start_ms - end_ms) / 1000:g} s before --start", 2)
    if options.step is None:
        return Span(start_ms, end_ms, _whole_seconds((end_ms - start_ms) // _STEPS))
    step_ms = parse_duration_ms(options.step)
    if step_ms <= 0:
        raise CommandError("--step must be longer than 0", 2)
    return Span(start_ms, end_ms, step_ms)


def _whole_seconds(step_ms: int) -> int:
    return max(step_ms // 1000 * 1000, _SHORTEST_MS)
