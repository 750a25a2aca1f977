import pytest

from barograph.model.errors import ConfigError
from barograph.model.labels import Labels
from barograph.rules.trial.reading import ExpectedSample, InputSeries
from helpers.rule_tests import FOLDER, read_file, read_text


def test_a_file() -> None:
    trial = read_file(FOLDER / "passing.yml")
    assert trial.rule_files == ("rules.yml",)
    assert trial.order == {"first": 0, "second": 1, "limited": 2}
    group = trial.groups[0]
    assert (group.name, group.interval_ms, group.external_url) == ("everything", 60_000, "http://h:9090/p")
    assert group.last_ms == 86_400_000
    assert group.exprs[0].expected == (ExpectedSample(labels=Labels.of("b", job="j", **{"from": "first"}), value=12.0),)


def test_what_is_left_out_has_its_default() -> None:
    trial = read_text("evaluation_interval: 2m\ntests: [{input_series: [{series: x, values: 0x10}]}]")
    (group,) = trial.groups
    # ten zeros after the first, not sixteen
    assert group.series == (InputSeries(labels=Labels.of("x"), points=(0.0,) * 11, has_histogram=False),)
    assert (group.interval_ms, group.start_ms, group.last_ms, trial.is_fuzzy) == (120_000, 0, 0, False)
    assert read_text("").interval_ms == 60_000


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("testz: []", (1, 1), "unknown key 'testz'"),
        ("tests: {}", (1, 1), "a list is expected"),
        ("- 1", (1, 1), "keys are expected here"),
        ("rule_files: [[a]]", (1, 14), "a text is expected"),
        ("group_eval_order: [a, a]", (1, 23), "group name repeated in evaluation order: a"),
        ("evaluation_interval: soon", (1, 1), "'soon' is not a duration"),
        ("fuzzy_compare: maybe", (1, 1), "neither true nor false"),
        ("tests: [{input_series: [{series: 'x{', values: 1}]}]", (1, 26), "'x{' is no series"),
        ("tests: [{input_series: [{series: 'x > 1', values: 1}]}]", (1, 26), "names no series"),
        ("tests: [{input_series: [{series: '{}', values: 1}]}]", (1, 26), "a series has labels"),
        ("tests: [{input_series: [{series: x, values: 1+}]}]", (1, 37), "malformed points '1+'"),
        ("tests: [{alert_rule_test: [{eval_time: 1m}]}]", (1, 28), "misses required attribute alertname"),
        ("tests: [{promql_expr_test: [{exp_samples: [{value: x}]}]}]", (1, 45), "'x' is no number"),
        ("tests: [{promql_expr_test: [{exp_samples: [{value: 0x_}]}]}]", (1, 45), "'0x_' is no number"),
        ("tests: [{start_timestamp: noon}]", (1, 10), "'noon' is no time"),
        ("tests: [{start_timestamp: 2021-01-01T00:00:00}]", (1, 10), "is no time"),
        ("tests: [{external_labels: [a]}]", (1, 10), "names and texts are expected"),
        ("tests: [{name: {a: b}}]", (1, 10), "a text is expected"),
    ],
)
def test_a_mistake_has_its_place(text: str, place: tuple[int, int], word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_text(text)
    assert word in caught.value.message
    assert (caught.value.line, caught.value.column) == place
