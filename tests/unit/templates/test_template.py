import pytest

from barograph.model.errors import QueryError, TemplateError
from barograph.templates.budget import TemplateLimits
from barograph.templates.functions import FUNCTIONS
from barograph.templates.template import MAX_TEXT, TemplateData, parse
from barograph.templates.values import QuerySample
from helpers.templates import DATA, TEMPLATES, is_same, query, recorded, rendered


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_comes_to_what_promtool_makes_of_it(text: str) -> None:
    answer = recorded()[text]
    mine = rendered(text)
    assert mine == answer or is_same(text, mine, answer)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        # what Prometheus 2.42 does not know yet
        ("{{ now }}", "60"),
        ("{{ 90 | toDuration }} {{ (toDuration 5400).Hours }}", "1m30s 1.5"),
        (
            "{{ toDuration 0 }} {{ toDuration 0.0015 }} {{ toDuration 3e-9 }} {{ toDuration -2e-6 }}",
            "0s 1.5ms 3ns -2µs",
        ),
        ("{{ humanize (toDuration 90) }} {{ lt (toDuration 1) (toDuration 2) }}", "90 true"),
        ("{{ urlQueryEscape `a b&é` }}", "a+b%26%C3%A9"),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range 0 }}{{ else }}none{{ end }}", "012none"),
        ("{{ range $i := 2 }}{{ $i }}{{ end }}", "01"),
        ("{{ with .Labels.zz }}{{ else with .Labels.a }}{{ . }}{{ else }}no{{ end }}", "1"),
        # of %v the plus is about structures
        ('{{ printf "%+v|%+6v|%+v|%+.1f" 1.5 1.5 -2.5 1.5 }}', "1.5|   1.5|-2.5|+1.5"),
        ("{{ title `hello wor-ld o'neil éa a_b 3com` }}", "Hello Wor-Ld O'neil Éa A_b 3Com"),
        # an address in Go
        ("{{ query `vector(7)` }}", "[{map[] 7}]"),
        ("{{ $externalURL }}{{ externalURL }} {{ pathPrefix }}", "http://h:9090/phttp://h:9090/p /p"),
    ],
)
def test_later_words_of_the_language(text: str, outcome: str) -> None:
    assert rendered(text) == outcome


def test_a_text_without_actions_is_constant() -> None:
    template = parse("100 % sure } {")
    assert template.is_constant
    assert template.render(DATA, query) == "100 % sure } {"
    assert not parse("{{ 1 }}").is_constant


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{{ foo }}", 1, 4),
        ("a\nbé{{ $labels.x }}{{ nope }}", 2, 21),
        ("{{ if 1 }}\n", 2, 1),
        ("{{ 1 | }}{{ ☃ }}", 1, 13),
    ],
)
def test_an_error_of_a_text_has_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text, name="__alert_A")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"error parsing template __alert_A: template: __alert_A:{line}: ")


def test_an_error_at_run_time_has_its_place() -> None:
    with pytest.raises(TemplateError) as caught:
        parse("x\n  {{ humanize `a` }}").render(DATA, query)
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_an_error_of_a_query_is_the_templates() -> None:
    def refuse(expression: str) -> list[QuerySample]:
        raise QueryError(f"no {expression}")

    with pytest.raises(TemplateError, match=r'at <query "up">: error calling query: no up$'):
        parse('{{ query "up" }}').render(DATA, refuse)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{{ range 1000000000000 }}{{ end }}", "more than 20000 steps"),
        ("{{ range 9223372036854775807 }}{{ end }}", "more than 20000 steps"),
        ("{{ $x := `abcdefgh` }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}", "more than 65536 characters"),
        ("{{ range 10000 }}0123456789{{ end }}", "more than 65536 characters"),
        ("{{ printf `%900000d` 1 }}", "more than 65536 characters"),
        ("{{ printf `%0999999999999999999d` 1 }}", "more than 65536 characters"),
        ("{{ printf `%.99999999f` 1.0 }}", "more than 65536 characters"),
        ("{{ printf `%*d` 999999 1 }}", "more than 65536 characters"),
        ("{{ define `r` }}{{ template `r` }}{{ end }}{{ template `r` }}", "deeper than 16"),
        ("{{ range 40 }}{{ query `x` }}{{ end }}", "more than 32 queries"),
        (
            "{{ $x := printf `%60000s` `a` }}{{ range 10000 }}{{ $y := reReplaceAll ` ` `b` $x }}{{ end }}",
            "more than 20000 steps",
        ),
        (
            "{{ $x := printf `%60000s` `a` }}{{ reReplaceAll ` ` $x $x }}",
            "more than 65536 characters",
        ),
        ("{{ $x := printf `%60000s` `<` }}{{ print $x $x $x }}", "more than 65536 characters"),
        ("{{ $x := printf `%-60000s` `<` }}{{ html $x | urlquery | js | print $x }}", "more than 65536 characters"),
        ("{{ $m := args 1 }}{{ range 5000 }}{{ $m = args $m $m }}{{ end }}{{ $m }}", "characters|too deep"),
        ("{{ $m := args 1 }}{{ range 5000 }}{{ $m = args $m }}{{ end }}{{ $m }}", "too deep"),
    ],
)
def test_what_costs_too_much_is_refused(text: str, word: str) -> None:
    with pytest.raises(TemplateError, match=word):
        parse(text).render(DATA, query)


def test_limits_are_the_callers() -> None:
    template = parse("{{ range 3 }}x{{ end }}")
    assert template.render(DATA, query, TemplateLimits(steps=6)) == "xxx"
    with pytest.raises(TemplateError, match="more than 5 steps"):
        template.render(DATA, query, TemplateLimits(steps=5))
    with pytest.raises(TemplateError, match="more than 2 characters"):
        template.render(DATA, query, TemplateLimits(characters=2))


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "(" * 10_000 + "1" + ")" * 10_000 + "}}",
        "{{ if 1 }}" * 3_000 + "{{ end }}" * 3_000,
        "{{ if 0 }}" + "{{ else if 0 }}" * 3_000 + "{{ end }}",
    ],
)
def test_a_text_that_nests_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="nested deeper than 40"):
        parse(text)


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(TemplateError, match=f"more than {MAX_TEXT} characters"):
        parse("x" * (MAX_TEXT + 1))


@pytest.mark.parametrize(
    "path",
    [
        ".__class__", ".Labels.__class__.__mro__", "$labels.__init__", "(query `x`).__class__", "(toTime 0).__class__",
        "(toTime 0).ns", ".labels", "(index (query `x`) 0).labels", "(toDuration 1).__reduce__", ".Value.real",
        "(toTime 0).Month.__class__", "(args 1).keys.__self__", "$externalURL.format", "(len `a`).bit_length",
    ],
)  # fmt: skip
def test_nothing_of_python_can_be_reached(path: str) -> None:
    answer = rendered(f"{{{{ {path} }}}}")
    assert answer in ("", "<no value>") or "can't evaluate field" in answer
    assert "class '" not in answer


def test_what_is_no_utf_8_goes_no_further() -> None:
    assert rendered("{{ slice `é` 1 }}") == "�"
    odd = TemplateData(labels={"a": "\ud800x"}, value=0.0)
    for text in ("{{ .Labels.a }}", "{{ len .Labels.a }}", "{{ match `x` .Labels.a }}", "{{ .Labels.a | urlquery }}"):
        rendered(text, odd).encode()


def test_one_template_renders_many_series() -> None:
    template = parse("{{ $labels.a }}={{ $value }}{{ $n := 1 }}{{ if eq $labels.a `1` }}{{ $n = 2 }}{{ end }}{{ $n }}")
    assert template.render(DATA, query) == "1=1.234567891e+062"
    assert template.render(TemplateData(labels={"a": "x"}, value=float("nan")), query) == "x=NaN1"


@pytest.mark.parametrize("text", ["1" * 400_000 + "x", "0x" + "f" * 400_000 + "x"])
def test_a_long_text_that_is_no_number_is_seen_in_one_pass(text: str) -> None:
    # where digits could stand on either side of an absent point this would take hours
    with pytest.raises(ValueError, match="invalid syntax"):
        FUNCTIONS["humanize"].call(None, text)
