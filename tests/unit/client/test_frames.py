"""Data frames of answers."""

import numpy as np

from barograph.client.answer import Answer
from barograph.client.frames import Series
from barograph.model.labels import Labels

A = Series(Labels.of("m", job="a", value="v"), np.array([1000, 2500]), np.array([1.0, np.nan]))
B = Series(Labels.of("m", zone="z"), np.array([3000]), np.array([-np.inf]))
ANSWER = Answer("matrix", (A, B))
COLUMNS = ["timestamp", "__name__", "job", "label_value", "zone", "value"]


def test_a_pandas_frame() -> None:
    frame = ANSWER.to_pandas()
    assert list(frame.columns) == COLUMNS
    assert [stamp.isoformat() for stamp in frame["timestamp"]] == [
        "1970-01-01T00:00:01+00:00",
        "1970-01-01T00:00:02.500000+00:00",
        "1970-01-01T00:00:03+00:00",
    ]
    assert frame["job"].astype(object).where(frame["job"].notna(), None).tolist() == ["a", "a", None]
    assert frame["zone"].isna().tolist() == [True, True, False]
    assert frame["label_value"].dtype == "category"
    assert np.array_equal(frame["value"].to_numpy(), np.array([1.0, np.nan, -np.inf]), equal_nan=True)


def test_a_polars_frame() -> None:
    frame = ANSWER.to_polars()
    assert frame.columns == COLUMNS
    assert str(frame.schema["timestamp"]) == "Datetime(time_unit='ms', time_zone='UTC')"
    assert frame["timestamp"].to_physical().to_list() == [1000, 2500, 3000]
    assert frame["job"].to_list() == ["a", "a", None]
    assert frame["zone"].to_list() == [None, None, "z"]
    assert np.array_equal(frame["value"].to_numpy(), np.array([1.0, np.nan, -np.inf]), equal_nan=True)


def test_nothing_is_an_empty_frame() -> None:
    empty = Answer("vector", ())
    assert (len(empty.to_pandas()), list(empty.to_pandas().columns)) == (0, ["timestamp", "value"])
    assert (len(empty.to_polars()), empty.to_polars().columns) == (0, ["timestamp", "value"])
