import pytest

from barograph.promql.functions.table import FUNCTIONS
from barograph.promql.parser.vocabulary import AGGREGATIONS
from barograph.promql.reference import AGGREGATION_WORDS, aggregation_call, function_call, words


def test_every_aggregation_and_function_has_its_words_once() -> None:
    found = list(words())
    assert [word.name for word in found] == [*AGGREGATIONS, *FUNCTIONS]
    assert all(word.words and word.call.startswith(f"{word.name}(") for word in found)
    assert set(AGGREGATION_WORDS) == set(AGGREGATIONS)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("rate", "rate(v[range])"),
        ("round", "round(v[, multiple])"),
        ("time", "time()"),
        ("hour", "hour([v])"),
        ("label_join", "label_join(v, target, separator[, source], ...)"),
    ],
)
def test_a_call_names_its_arguments(name: str, call: str) -> None:
    assert function_call(FUNCTIONS[name].signature) == call


@pytest.mark.parametrize(("name", "call"), [("sum", "sum(v)"), ("topk", "topk(k, v)")])
def test_an_aggregation_names_its_parameter(name: str, call: str) -> None:
    assert aggregation_call(name) == call
