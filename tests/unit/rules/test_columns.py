import numpy as np

from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray
from barograph.rules.columns import RuleColumns, Sheet

AT_MS = 1_700_000_000_000
A, B, C = (Labels.of("r", i=name) for name in "abc")


def words(columns: RuleColumns) -> dict[str, float | str]:
    """What each column holds: a number, `stale` or `absent`."""
    return {labels.get("i"): word(value) for labels, value in zip(columns.series, columns.values, strict=True)}


def word(value: np.float64) -> float | str:
    bits = int(value.view(np.uint64))
    return {ABSENT_BITS: "absent", STALE_BITS: "stale"}.get(bits, float(value))


def batch_of(sheet: Sheet, at_ms: int = AT_MS) -> dict[str, float | str]:
    batch = sheet.batch(at_ms)
    if batch is None:
        return {}
    assert batch.timestamp_ms == at_ms
    return {str(labels): word(value) for labels, value in zip(batch.schema.series, batch.values, strict=True)}


def numbers(*values: float) -> FloatArray:
    return np.array(values, np.float64)


def test_a_series_that_is_gone_has_one_stale_marker_and_keeps_its_column() -> None:
    columns = RuleColumns()
    columns.put((A, B), numbers(1, 2))
    assert words(columns) == {"a": 1, "b": 2}
    columns.put((B,), numbers(3))
    assert words(columns) == {"a": "stale", "b": 3}
    columns.put((B,), numbers(4))
    assert words(columns) == {"a": "absent", "b": 4}
    version = columns.version
    columns.put((B, A), numbers(5, 6))
    assert words(columns) == {"a": 6, "b": 5}
    assert columns.version == version


def test_a_failed_evaluation_ends_nothing() -> None:
    columns = RuleColumns()
    columns.put((A,), numbers(1))
    columns.skip()
    assert words(columns) == {"a": "absent"}
    assert columns.present == [A]
    columns.put((), numbers())
    assert words(columns) == {"a": "stale"}


def test_the_same_tuple_is_not_looked_up_again_and_a_list_is() -> None:
    columns, changing = RuleColumns(), [A, B]
    columns.put(changing, numbers(1, 2))
    changing.reverse()
    columns.put(changing, numbers(1, 2))
    assert words(columns) == {"a": 2, "b": 1}


def test_columns_of_series_that_ended_are_forgotten_once_they_are_many() -> None:
    columns = RuleColumns()
    for round_ in range(10):
        series = tuple(Labels.of("r", i=f"{round_}-{number}") for number in range(40))
        columns.put(series, np.full(40, 7.0))
    assert len(columns.series) <= 160
    assert sum(word(value) == 7 for value in columns.values) == 40
    assert sum(word(value) == "stale" for value in columns.values) == 40


def test_a_sheet_joins_columns_and_leaves_out_what_an_earlier_rule_gives() -> None:
    first, second = RuleColumns(), RuleColumns()
    sheet = Sheet("rules/1s/0")
    sheet.add(first)
    sheet.add(second)
    assert sheet.batch(AT_MS) is None
    first.put((A,), numbers(1))
    second.put((B, A), numbers(2, 3))
    assert batch_of(sheet) == {'r{i="a"}': 1, 'r{i="b"}': 2}
    assert sheet.dropped == 1
    batch = sheet.batch(AT_MS)
    assert batch is not None
    assert (batch.source, [family.name for family in batch.schema.families]) == ("rules/1s/0", ["r"])
    assert sheet.batch(AT_MS + 1).schema is batch.schema  # type: ignore[union-attr]


def test_a_sheet_in_which_nothing_is_there_gives_no_batch() -> None:
    columns, sheet = RuleColumns(), Sheet("s")
    sheet.add(columns)
    columns.put((A,), numbers(1))
    columns.put((), numbers())
    assert batch_of(sheet) == {'r{i="a"}': "stale"}
    columns.put((), numbers())
    assert sheet.batch(AT_MS) is None


def test_series_of_rules_that_are_gone_end_once_unless_a_rule_gives_them() -> None:
    columns, sheet = RuleColumns(), Sheet("s")
    sheet.add(columns)
    sheet.end([A, C])
    assert sheet.present == {A, C}
    columns.put((A,), numbers(1))
    assert batch_of(sheet) == {'r{i="a"}': 1, 'r{i="c"}': "stale"}
    columns.put((A,), numbers(1))
    assert batch_of(sheet) == {'r{i="a"}': 1, 'r{i="c"}': "absent"}
    assert sheet.present == {A}
