"""Every expression in the conformance data: it parses, prints to the same tree, and our oracle agrees."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import promql_parser
import pytest

from barograph.model.errors import ParseError, TypeMismatchError
from barograph.promql.functions import table
from barograph.promql.parser.parse import parse
from barograph.promql.parser.pretty import pretty_expr
from barograph.promql.parser.printer import print_expr
from helpers.expressions import (
    SIGNATURES,
    dashboard_expressions,
    documented_expressions,
    rule_expressions,
    script_queries,
    without_spans,
)


@pytest.mark.parametrize("source", [script_queries, rule_expressions, dashboard_expressions, documented_expressions])
def test_every_expression_parses_and_prints_to_the_same_tree(source: Callable[[], Iterator[tuple[str, str]]]) -> None:
    count = 0
    for place, text in source():
        try:
            tree = parse(text, SIGNATURES)
        except (ParseError, TypeMismatchError) as error:
            pytest.fail(f"{place}: {text!r}: {error}")
        assert tree.span.start >= 0
        assert without_spans(parse(print_expr(tree), SIGNATURES)) == without_spans(tree), place
        assert without_spans(parse(pretty_expr(tree), SIGNATURES)) == without_spans(tree), place
        count += 1
    assert count >= 10


@pytest.mark.parametrize("source", [script_queries, rule_expressions])
def test_the_oracle_takes_them_too(source: Callable[[], Iterator[tuple[str, str]]]) -> None:
    for place, text in source():
        try:
            promql_parser.parse(text)
        except ValueError as error:
            pytest.fail(f"{place}: {text!r}: {error}")


def test_rules_that_must_fail_do() -> None:
    # prometheus-rules/rulefmt/bad_expr.bad.yaml
    with pytest.raises(TypeMismatchError) as caught:
        parse("rate(hi)", SIGNATURES)
    assert (caught.value.position, caught.value.end) == (5, 7)


def test_the_function_table_has_the_documented_signatures() -> None:
    kept = {name: replace(signature, experimental=False) for name, signature in table.SIGNATURES.items()}
    assert kept == SIGNATURES
