"""Which instants a query's options mean."""

from datetime import UTC

import pytest

from barograph.cli.failure import CommandError
from barograph.cli.spans import Span, SpanOptions, parse_span

NOW_MS = 1_795_435_200_000


@pytest.mark.parametrize(
    ("options", "span"),
    [
        (SpanOptions(), Span(NOW_MS, NOW_MS, 0)),
        (SpanOptions(at="-1m"), Span(NOW_MS - 60_000, NOW_MS - 60_000, 0)),
        (SpanOptions(start="-1h"), Span(NOW_MS - 3_600_000, NOW_MS, 36_000)),
        (SpanOptions(start="-10s"), Span(NOW_MS - 10_000, NOW_MS, 1000)),
        (SpanOptions(start="-250s"), Span(NOW_MS - 250_000, NOW_MS, 2000)),
        (SpanOptions(start="-1h", end="-30m", step="15s"), Span(NOW_MS - 3_600_000, NOW_MS - 1_800_000, 15_000)),
        (SpanOptions(start="now", end="now"), Span(NOW_MS, NOW_MS, 1000)),
        (SpanOptions(start="-1h", step="0.5"), Span(NOW_MS - 3_600_000, NOW_MS, 500)),
    ],
)
def test_options_give_a_span(options: SpanOptions, span: Span) -> None:
    assert parse_span(options, NOW_MS, UTC) == span


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (SpanOptions(end="now"), "give --start too"),
        (SpanOptions(step="1s"), "give --start too"),
        (SpanOptions(at="now", start="-1h"), "give one of them"),
        (SpanOptions(start="-1h", end="-2h"), "--end lies 3600 s before --start"),
        (SpanOptions(start="-1h", step="0"), "longer than 0"),
        (SpanOptions(start="-1h", step="x"), "not a duration"),
        (SpanOptions(at="soon"), "no time"),
    ],
)
def test_contradictions_are_refused(options: SpanOptions, said: str) -> None:
    with pytest.raises(CommandError, match=said) as caught:
        parse_span(options, NOW_MS, UTC)
    assert caught.value.status == 2
