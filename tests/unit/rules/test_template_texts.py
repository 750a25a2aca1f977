from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.model.labels import Labels
from barograph.rules.template_texts import TemplateTexts
from barograph.rules.texts import RowText, Texts
from helpers.rules import START_MS, RuleWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RuleWorld]:
    made = RuleWorld(tmp_path / "data")
    made.tick({"a": 1, "b": 2})
    made.tick({"a": 3, "b": 4})
    yield made
    made.close()


def render(world: RuleWorld, text: str) -> str:
    row = RowText(
        labels=Labels.of("m", i="a"),
        value=1500.0,
        at_ms=START_MS,
        external_labels={"dc": "x"},
        external_url="http://here",
    )
    return Texts({"t": text}, TemplateTexts(world.engine).parse).render(row)["t"]


def test_a_template_knows_the_row_and_the_server(world: RuleWorld) -> None:
    text = "{{ $labels.i }} {{ $value | humanize }} {{ $externalLabels.dc }} {{ $externalURL }}"
    assert render(world, text) == "a 1.5k x http://here"


def test_a_query_is_asked_for_the_instant_of_the_evaluation(world: RuleWorld) -> None:
    assert render(world, '{{ range query "m" }}{{ .Labels.i }}={{ .Value }};{{ end }}') == "a=1;b=2;"
    assert render(world, '{{ query "1 + 1" | first | value }}') == "2"


@pytest.mark.parametrize("text", ["{{ $nosuch }}", '{{ query "m[5m]" }}', '{{ query "m +" }}', "{{ end }}"])
def test_a_template_that_fails_says_so(world: RuleWorld, text: str) -> None:
    assert render(world, text).startswith("<error expanding template: error ")
