"""The series of an answer, and data frames made of them: one row a sample, a column for each label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_TIMESTAMP, _VALUE = "timestamp", "value"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series of an answer: timestamps int64 in ms and values float64, both `[samples]`."""

    labels: Labels
    timestamps_ms: IntArray
    values: FloatArray


def to_pandas(series: Sequence[Series]) -> "pd.DataFrame":
    """Return a pandas frame; labels are categorical columns."""
    import pandas as pd  # noqa: PLC0415  optional, and half a second to import

    columns = {_TIMESTAMP: pd.to_datetime(_times(series), unit="ms", utc=True)}
    for name, codes, texts in _label_columns(series):
        columns[name] = pd.Categorical.from_codes(codes, categories=texts)
    return pd.DataFrame(columns | {_VALUE: _values(series)})


def to_polars(series: Sequence[Series]) -> "pl.DataFrame":
    """Return a polars frame; labels are columns of strings."""
    import polars as pl  # noqa: PLC0415  optional

    columns = [pl.Series(_TIMESTAMP, _times(series)).cast(pl.Datetime("ms", "UTC"))]
    for name, codes, texts in _label_columns(series):
        # the last place is that of series without the label
        columns.append(pl.Series(name, [*texts, None], dtype=pl.String).gather(pl.Series(codes % (len(texts) + 1))))
    return pl.DataFrame([*columns, pl.Series(_VALUE, _values(series))])


def _times(series: Sequence[Series]) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *(one.timestamps_ms for one in series)])


def _values(series: Sequence[Series]) -> FloatArray:
    return np.concatenate([np.zeros(0), *(one.values for one in series)])


def _label_columns(series: Sequence[Series]) -> Iterator[tuple[str, npt.NDArray[np.int64], list[str]]]:
    """Yield for each label its column's name, the number of its value in each row (-1: none), and the values."""
    lengths = [len(one.values) for one in series]
    for name in sorted({name for one in series for name, _ in one.labels}):
        found = [one.labels.get(name) for one in series]
        texts = sorted({text for text in found if text})
        numbers = {text: number for number, text in enumerate(texts)}
        codes = np.array([numbers.get(text, -1) for text in found], np.int64)
        yield (f"label_{name}" if name in {_TIMESTAMP, _VALUE} else name), np.repeat(codes, lengths), texts
