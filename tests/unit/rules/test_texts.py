from barograph.model.errors import TemplateError
from barograph.model.labels import Labels
from barograph.rules.texts import Renderable, RowText, Texts
from helpers.rules import BracedValue

ROW = RowText(labels=Labels.of("m", i="a"), value=5.0, at_ms=1, external_labels={}, external_url="")


def test_plain_texts_are_never_parsed() -> None:
    def refuse(text: str, _: str) -> Renderable:
        raise AssertionError(text)

    texts = Texts({"summary": "plain"}, refuse)
    assert texts.is_plain
    assert not texts.may_change
    assert texts.render(ROW) == {"summary": "plain"}


def test_templates_are_rendered_and_plain_texts_stay() -> None:
    texts = Texts({"a": "{{i}}: {{value}}", "b": "plain"}, BracedValue)
    assert not texts.is_plain
    assert texts.render(ROW) == {"a": "a: 5", "b": "plain"}


def test_what_may_change_while_labels_stay() -> None:
    assert not Texts({"a": "{{ $labels.i }}", "b": "the value"}, BracedValue).may_change
    for text in ("{{ $value }}", "{{ .Value }}", '{{ query "up" }}', "{{ now }}", '{{ template "x" }}'):
        assert Texts({"a": text}, BracedValue).may_change


def test_what_is_no_template_says_so_in_its_place() -> None:
    def refuse(text: str, _: str) -> Renderable:
        raise TemplateError("unclosed action")

    assert Texts({"a": "{{", "b": "b"}, refuse).render(ROW) == {
        "a": "<error expanding template: unclosed action>",
        "b": "b",
    }
