"""The table holds the language's functions, each once and with its documentation."""

import re
from pathlib import Path

import pytest

from barograph.promql.ast import ValueType
from barograph.promql.functions.entry import Function, OverTime, Pointwise, ToScalar
from barograph.promql.functions.table import FUNCTIONS, SIGNATURES

_PAGE = Path(__file__).resolve().parents[5] / "shared/conformance/reference-prometheus-docs/querying/functions.md"


def test_signatures_are_those_of_the_entries() -> None:
    assert {name: entry.signature for name, entry in FUNCTIONS.items()} == SIGNATURES
    assert all(name == signature.name for name, signature in SIGNATURES.items())


@pytest.mark.parametrize("entry", FUNCTIONS.values(), ids=FUNCTIONS)
def test_an_entry_is_documented_and_its_form_fits_its_types(entry: Function) -> None:
    assert re.fullmatch(r"[A-Z0-9-].*\.", entry.doc)
    types = entry.signature.args
    match entry.form:
        case OverTime():
            assert types.count(ValueType.MATRIX) == 1
        case Pointwise():
            assert types[0] is ValueType.VECTOR
        case ToScalar():
            assert entry.signature.returns is ValueType.SCALAR
    if not isinstance(entry.form, ToScalar):
        assert entry.signature.returns is ValueType.VECTOR


@pytest.mark.skipif(not _PAGE.exists(), reason="Prometheus' documentation is not at hand")
def test_every_documented_function_has_an_entry() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    headings = " ".join(line for line in text.splitlines() if line.startswith("## `"))
    listed = re.findall(r"^\* `(\w+)\([^)]*\)`:", text, re.MULTILINE)
    documented = {*re.findall(r"`(\w+)\(\)`", headings), *listed}
    assert len(documented) > 80
    assert documented == FUNCTIONS.keys()
