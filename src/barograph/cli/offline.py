"""A query over a data folder that no server has open: the store read-only, evaluated in this process."""

from pathlib import Path

from barograph.cli.spans import Span
from barograph.client import Answer, Series
from barograph.model.clock import SystemClock
from barograph.model.labels import EMPTY
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import QueryResult, RawMatrix, StepScalar, StepVector, StringValue
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader


def ask_folder(expression: str, span: Span, folder: Path) -> Answer:
    """Evaluate over what is stored in a folder.

    Raises:
        FolderError, VersionError: The folder holds no store, or one that cannot be read.
        QueryError: The expression is refused.
    """
    reader = StoreReader.open_offline(folder, StoreConfig())
    engine = Engine(reader, QueryConfig(), SystemClock())
    try:
        if span.step_ms == 0:
            return _answer(engine.instant(expression, span.end_ms))
        return _answer(engine.range(expression, span.start_ms, span.end_ms, span.step_ms))
    finally:
        reader.close()


def _answer(result: QueryResult) -> Answer:
    value, times = result.value, result.times_ms
    warnings = (*result.warnings, *result.infos)
    if isinstance(value, StringValue):
        return Answer("string", (), value.value, warnings)
    if isinstance(value, StepScalar):
        kind = "scalar" if len(times) == 1 else "matrix"
        return Answer(kind, (Series(EMPTY, times, value.values),), warnings=warnings)
    if isinstance(value, RawMatrix):
        rows = tuple(Series(row.labels, row.timestamps_ms, row.values) for row in value.series)
        return Answer("matrix", rows, warnings=warnings)
    kind = "vector" if len(times) == 1 else "matrix"
    return Answer(kind, tuple(_present(value, i, result) for i in range(len(value.labels))), warnings=warnings)


def _present(value: StepVector, row: int, result: QueryResult) -> Series:
    kept = slice(None) if value.present is None else value.present[row]
    return Series(value.labels[row], result.times_ms[kept], value.values[row][kept])
