"""Whatever text stands in a rule: a template is parsed and rendered, or `TemplateError` is raised, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from barograph.model.errors import TemplateError
from barograph.templates.budget import TemplateLimits
from barograph.templates.functions import FUNCTIONS
from barograph.templates.template import TemplateData, parse
from barograph.templates.values import QuerySample

_WORDS = [
    *FUNCTIONS, ".", "$", "$x", "$labels", "$value", ".Labels", ".Labels.a", ".Value", ".ExternalLabels",
    ".ExternalURL", "1", "0", "-7", "2.5", "1e300", "0x1F", "'a'", '"a"', '"%d %s %v"', "`a(b)*`", '"h:80"',
    "nil", "true", "false",
    "|", "(", ")", ":=", "=", ",", "if", "else", "end", "range", "with", "define", "template", "block", "break",
    "continue", '"t"', "{{", "}}", "{{-", "-}}", "{{end}}", "{{else}}", "{{if", "{{range", "{{with", "text", "\n",
    '(query "x")', "(toTime 1)", "(toDuration 1)", "(args 1 .)", ".Month", ".Format", ".Seconds", "$x :=", "$i, $v :=",
]  # fmt: skip
_TEXTS = st.one_of(
    st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=8).map(lambda words: "{{" + " ".join(words) + "}}"),
    st.text(alphabet="{}-/*$.|()=:,'\"`\\ abx019é\n%", max_size=40),
    st.text(max_size=30).map(lambda text: "{{" + text + "}}"),
    st.tuples(
        st.sampled_from(sorted(FUNCTIONS)), st.lists(st.sampled_from(_WORDS[len(FUNCTIONS) : -5]), max_size=4)
    ).map(lambda call: "{{" + " ".join([call[0], *call[1]]) + "}}"),
    st.tuples(st.text(alphabet="%+-# 0123456789.*[]vTtdsqxXoObcUeEfFgG", max_size=12), st.integers(0, 4)).map(
        lambda form: f"{{{{ printf `{form[0]}` {' '.join(['1', '`é`', '$value', '.', 'nil'][: form[1]])} }}}}"
    ),
)
_LABELS = st.dictionaries(st.sampled_from(["a", "b", "instance"]), st.text(max_size=20), max_size=3)
_LIMITS = TemplateLimits(steps=500, characters=4_096)


def _query(_: str) -> list[QuerySample]:
    return [QuerySample(labels={"a": "1"}, value=1.5), QuerySample(labels={}, value=float("inf"))]


@given(_TEXTS, _LABELS, st.floats())
def test_a_template_renders_or_says_why_not(text: str, labels: dict[str, str], value: float) -> None:
    try:
        template = parse(text)
        outcome = template.render(TemplateData(labels=labels, value=value), _query, _LIMITS)
    except TemplateError as error:
        assert str(error)
        return
    assert len(outcome) <= max(4_096, len(text))
    outcome.encode()


@given(_TEXTS)
def test_a_template_renders_alike_each_time(text: str) -> None:
    try:
        template = parse(text)
        outcomes = [template.render(TemplateData(labels={"a": "1"}, value=2.0), _query, _LIMITS) for _ in range(2)]
    except TemplateError:
        return
    assert outcomes[0] == outcomes[1]


@given(st.text(alphabet=st.characters(exclude_characters="{")))
def test_a_text_without_actions_stays(text: str) -> None:
    assert parse(text).render(TemplateData(labels={}, value=0.0), _query) == text
