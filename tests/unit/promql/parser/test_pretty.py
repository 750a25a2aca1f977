import pytest

from barograph.promql.parser.parse import parse
from barograph.promql.parser.pretty import pretty_expr
from helpers.expressions import SIGNATURES

LONG = "a_metric_whose_name_is_so_long_that_two_of_them_side_by_side_need_more_than_a_line"


def pretty(text: str) -> list[str]:
    return pretty_expr(parse(text, SIGNATURES)).split("\n")


def test_what_fits_stays_on_its_line() -> None:
    assert pretty("foo/bar") == ["foo / bar"]
    assert pretty("sum by(x)(rate(foo[5m]))") == ["sum by (x) (rate(foo[5m]))"]


def test_sides_go_below_each_other() -> None:
    assert pretty(f"{LONG}+on(x)group_left {LONG}") == [f"  {LONG}", "+ on (x) group_left ()", f"  {LONG}"]


def test_arguments_go_below_each_other() -> None:
    assert pretty(f"topk(3,{LONG}{{instance='somewhere'}})") == [
        "topk(",
        "  3,",
        f'  {LONG}{{instance="somewhere"}}',
        ")",
    ]
    assert pretty(f"sum without(cpu)(({LONG}>bool {LONG}))") == [
        "sum without (cpu) (",
        "  (",
        f"      {LONG}",
        "    > bool",
        f"      {LONG}",
        "  )",
        ")",
    ]


def test_signs_and_subqueries_stay_with_what_they_belong_to() -> None:
    assert pretty(f"-({LONG}+{LONG})") == ["-(", f"    {LONG}", "  +", f"    {LONG}", ")"]
    lines = pretty(f"max_over_time(({LONG}+{LONG})[1h:5m] offset 1d)")
    assert lines[0] == "max_over_time("
    assert lines[-2:] == ["  )[1h:5m] offset 1d", ")"]


def test_a_selector_has_nowhere_to_be_split() -> None:
    assert pretty(f"{LONG}{{a_label='a value that is long enough for more than a line'}}") == [
        f'{LONG}{{a_label="a value that is long enough for more than a line"}}'
    ]


@pytest.mark.parametrize("deep", [1, 50])
def test_every_level_is_two_blanks(deep: int) -> None:
    lines = pretty("abs(" * deep + f"{LONG}+{LONG}" + ")" * deep)
    assert lines[deep] == "  " * (deep + 1) + LONG
