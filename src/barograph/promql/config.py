"""The `query` section of the configuration: every limit that a query can hit, on by default."""

import msgspec

from barograph.model.units import Duration, Size


class QueryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How queries are evaluated, and what one query may cost.

    Attributes:
        lookback: How old a sample may be and still be a series' current value.
        timeout: How long one query may take.
        subquery_step: The step of a subquery that names none.
        max_samples: Samples one query may touch, counted as places in memory (8 bytes each).
        max_series: Series one query may touch.
        max_memory: Memory for the samples that one query reads and the points that it makes on its way.
        max_points: Steps one range query may have.
        max_answer: Size of one answer as text.
        max_query_length: Characters an expression may have.
        delayed_name_removal: Drop metric names at the end of an evaluation instead of in each function.
    """

    lookback: Duration = Duration(300_000)
    timeout: Duration = Duration(30_000)
    subquery_step: Duration = Duration(60_000)
    max_samples: int = 20_000_000
    max_series: int = 50_000
    max_memory: Size = Size.parse("256MiB")
    max_points: int = 11_000
    max_answer: Size = Size.parse("64MiB")
    max_query_length: int = 16_384
    delayed_name_removal: bool = False
