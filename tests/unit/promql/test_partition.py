import pytest

from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.partition import Part, part_of
from barograph.promql.plan import make_plan


def part(text: str) -> Part | None:
    return part_of(make_plan(text, parse(text, SIGNATURES)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('rate(m{i="a"}[5m]) > 3', '4 < (rate( m{i="b"}[5m] ))'),
        ('m{i="a"} / n{i="a"} > 0.5', 'm{i="b"} / n{i="b"} > 0.6'),
        ('sum by (g) (m{i="a"})', 'sum by (g) (m{i="b"})'),
        ('m{i="a"} > 2 and n{i="a"} > 1', 'm{i="b"} > 2 and n{i="b"} > 1'),
        ('time() - m{i="a"} offset 1m >= 60', 'time() - m{i="b"} offset 1m >= 61'),
        ('max_over_time(sum(m{i="a"})[1m:10s]) * 2', 'max_over_time(sum(m{i="b"})[1m:10s]) * 2'),
        ("m > 1", "m > 2"),
    ],
)
def test_parts_of_one_whole(one: str, other: str) -> None:
    first, second = part(one), part(other)
    assert first is not None
    assert second is not None
    assert first.whole == second.whole
    assert first != second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('rate(m{i="a"}[5m]) > 3', 'rate(m{i="a"}[6m]) > 3'),
        ('rate(m{i="a"}[5m]) > 3', 'rate(m{i="a"}[5m]) < 3'),
        ('rate(m{i="a"}[5m]) > 3', 'rate(m{i="a"}[5m]) > bool 3'),
        ('m{i="a"} + 1 > 3', 'm{i="a"} + 2 > 3'),
        ('m{i="a"} + 1', 'm{j="a"} + 1'),
        ('m{i="a", g=~"x|y"} + 1', 'm{i="a", g=~"x|z"} + 1'),
        # the one has the label in its results
        ('sum(m{i="a"})', 'sum by (i) (m{i="a"})'),
    ],
)
def test_parts_of_different_wholes(one: str, other: str) -> None:
    first, second = part(one), part(other)
    assert first is not None
    assert second is not None
    assert first.whole != second.whole


def test_a_label_is_bound_where_every_selector_has_it_with_one_value() -> None:
    bound = part('m{i="a", g="x", k="1"} + on (g) n{i="a", g="y", k!="1"}')
    assert bound is not None
    assert (bound.whole.names, bound.values) == (("i",), ("a",))
    # two values at once: nothing has them, and nothing must be found by one of them
    twice = part('m{i="a", i="b"} + 1')
    assert twice is not None
    assert twice.whole.names == ()


@pytest.mark.parametrize(
    "text",
    [
        "1 > bool 2",
        "time()",
        'm{i="a"}[5m]',
        'absent(m{i="a"}) > 0',
        'topk(3, m{i="a"})',
        'vector(scalar(m{i="a"})) > 1',
        'm{i="a"} > scalar(n{i="a"})',
        'label_replace(m{i="a"}, "i", "z", "g", ".*") > 1',
        'quantile(scalar(n{i="a"}), m{i="a"})',
        'histogram_quantile(0.9, m{i="a", le="1"})',
        "hour() > 3",
        # what is lost on one side is not matched there
        'sum by (g) (m{i="a"}) + n{i="a"}',
        # results of two kinds
        'm{i="a"} or on (g) sum by (g) (n{i="a"})',
        # a label of one side goes to the other
        'sum by (g) (m{i="a"}) * on (g) group_left (i) n{i="a"}',
        'm{i="a"} + fill (0) n{i="a"}',
    ],
)
def test_none(text: str) -> None:
    assert part(text) is None
