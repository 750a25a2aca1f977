from hypothesis import given
from hypothesis import strategies as st

from barograph.app.yaml_source import parse_yaml
from barograph.rules.rulefile import Rule, RuleGroup, check_rule_file
from barograph.rules.ruletext import write_groups

_TEXT = st.text(max_size=40) | st.sampled_from(
    ["a\nb", "  a\nb", "true", "1", "a: b", "{x}", "a\n\n- b\n", "null", "é"]
)
_LABELS = st.dictionaries(st.sampled_from(["severity", "team", "on"]), _TEXT, max_size=2)


def read(text: str) -> tuple[RuleGroup, ...]:
    document = parse_yaml(text, "r.yml", as_texts=True)
    checked = check_rule_file(document.values, document.error)
    assert not checked.findings, (checked.findings, text)
    return checked.groups


def test_no_groups() -> None:
    assert write_groups([]) == "groups: []\n"


@given(_LABELS, _LABELS, st.sampled_from(["up", "up == 0\nor\n  vector(1)", "1"]), st.integers(0, 9_000))
def test_what_is_written_reads_as_it_was(
    labels: dict[str, str], annotations: dict[str, str], expr: str, number: int
) -> None:
    group = RuleGroup(
        name="a: 1",
        interval_ms=number or None,
        query_offset_ms=number,
        limit=number,
        labels=labels,
        rules=(
            Rule(name="r:x", is_alert=False, expr=expr, labels=labels),
            Rule(
                name="A",
                is_alert=True,
                expr=expr,
                for_ms=number,
                keep_firing_ms=number,
                labels=labels,
                annotations=annotations,
            ),
        ),
    )
    assert read(write_groups([group])) == (group,)
