"""What the Python API answers: plain values and numpy arrays, whoever was asked. Frames on request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from barograph.client import frames
from barograph.client.frames import Series
from barograph.promql.explain import ExplainedNode

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `kind`: `vector`, `matrix`, `scalar` or `string`; a string's text is in `text`.

    `explained` says what each part of the expression did, where that was asked for.
    """

    kind: str
    series: tuple[Series, ...]
    text: str = ""
    warnings: tuple[str, ...] = ()
    explained: ExplainedNode | None = None

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row a sample: `timestamp` (UTC), a column for each label, `value`.

        A place is empty where a series lacks the label. A label called `timestamp` or `value` is in the column
        `label_timestamp` or `label_value`.

        Raises:
            ImportError: pandas is not installed.
        """
        return frames.to_pandas(self.series)

    def to_polars(self) -> "pl.DataFrame":
        """Return one row a sample, in the columns of `to_pandas`.

        Raises:
            ImportError: polars is not installed.
        """
        return frames.to_polars(self.series)
