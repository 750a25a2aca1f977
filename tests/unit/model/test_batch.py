import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels

UP = Family("up", MetricType.GAUGE, "Whether it came.")


def schema() -> Schema:
    return Schema((UP,), (Labels.of("up"), Labels.of("up", job="node")), (0, 0))


def test_a_schema_is_as_long_as_its_series_and_equal_to_itself_alone() -> None:
    one, other = schema(), schema()
    assert len(one) == 2
    assert one != other
    assert len({one, other}) == 2


def test_types_are_written_as_the_exposition_format_writes_them() -> None:
    assert [kind.value for kind in MetricType] == ["counter", "gauge", "histogram", "summary", "untyped"]


def test_a_batch_holds_the_vector_itself() -> None:
    values = np.array([1.0, 2.0])
    batch = Batch("host/1s", schema(), 1000, values)
    values[0] = 5
    assert batch.values[0] == 5


def test_families_are_values() -> None:
    assert Family("up", MetricType.GAUGE, "Whether it came.") == UP
    assert {UP: 1}[Family("up", MetricType.GAUGE, "Whether it came.")] == 1
