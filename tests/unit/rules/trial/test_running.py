import pytest

from helpers.rule_tests import FOLDER, failures, read_file, read_text


def test_what_should_pass_passes() -> None:
    assert failures(read_file(FOLDER / "passing.yml")) == []


def test_what_fails_is_told_in_promtools_words() -> None:
    told = "\n".join(failures(read_file(FOLDER / "failing.yml")))
    assert told == (FOLDER / "failing.txt").read_text().rstrip("\n")


def test_each_expectation_can_fail() -> None:
    text = (FOLDER / "passing.yml").read_text()
    for before, after in (
        ("value: 12", "value: 13"),
        ("severity: warning", "severity: critical"),
        ("j: 6 on eu", "j: 7 on eu"),
        ("exp_labels: {job: other}", "exp_labels: {job: nobody}"),
        ("group_eval_order: [first, second", "group_eval_order: [second, first"),
        ("zone: eu", "zone: us"),
        ("http://h:9090/p\n    input", "http://other\n    input"),
        ('exp_annotations: {note: ""}', "exp_annotations: {}"),
        ("{job: j}, exp_annotations", '{job: j, team: ""}, exp_annotations'),
        ("value: 0x10", "value: 0x11"),
    ):
        assert before in text
        assert failures(read_text(text.replace(before, after, 1))), before


def test_a_rule_that_cannot_be_evaluated_ends_the_group() -> None:
    (failure,) = failures(read_file(FOLDER / "limit.yml"))
    assert failure == "    rule: Many, time: 2m0s, err: exceeded limit of 1 with 2 alerts"


@pytest.mark.parametrize(("flag", "fails"), [("true", False), ("false", True)])
def test_fuzzy_comparison_leaves_the_last_bit_out(flag: str, fails: bool) -> None:
    text = f"""fuzzy_compare: {flag}
tests:
  - promql_expr_test:
      - {{expr: '0.1 + 0.2', eval_time: 0, exp_samples: [{{value: 0.3}}]}}
"""
    assert bool(failures(read_text(text))) is fails
    assert failures(read_text(text.replace("value: 0.3", "value: 0.31")))


def test_a_start_of_its_own() -> None:
    text = """tests:
  - start_timestamp: {start}
    interval: 1m
    input_series: [{{series: x, values: '0 1 2'}}]
    promql_expr_test:
      - {{expr: 'timestamp(x) - x * 60', eval_time: 1m, exp_samples: [{{value: 1609459200}}]}}
      - {{expr: 'time()', eval_time: 1m30s, exp_samples: [{{value: 1609459290}}]}}
"""
    for start in ("1609459200", '"2021-01-01T00:00:00Z"', "2021-01-01T01:00:00+01:00"):
        assert failures(read_text(text.format(start=start))) == []


def test_native_histograms_are_told_and_the_rest_is_run() -> None:
    text = """tests:
  - input_series:
      - {series: h, values: '{{sum:1 count:1}}x2'}
      - {series: x, values: '1'}
    promql_expr_test:
      - {expr: h, eval_time: 0, exp_samples: [{labels: h, histogram: '{{sum:1 count:1}}'}]}
      - {expr: x, eval_time: 0, exp_samples: [{labels: x, value: 1}]}
"""
    assert failures(read_text(text)) == [
        "    series h: native histograms are not supported",
        '    expr: "h", time: 0s, err: native histograms are not supported',
    ]


def test_what_is_later_is_not_there_yet_for_rules() -> None:
    text = """rule_files: [rules.yml]
tests:
  - interval: 1m
    input_series: [{series: x, values: '1 2 3'}]
    promql_expr_test:
      - {expr: 'a', eval_time: 1m, exp_samples: [{labels: 'a{from="first"}', value: 3}]}
      - {expr: 'x offset -1m', eval_time: 0, exp_samples: [{labels: x, value: 2}]}
      - {expr: 'x offset -2m', eval_time: 1m, exp_samples: [{labels: x, value: 2}]}
"""
    # the sample at two minutes is later than the last instant of the tests
    assert failures(read_text(text)) == []
