"""CSV: our own form, which export writes, and any other by a description of its columns as VictoriaMetrics takes it.

Our own has a header: `metric`, a column a label name, `timestamp_ms` (or `timestamp`, in seconds), `value`. Cells
are quoted as RFC 4180 says; an empty one means that the series has no such label. A stale marker is `StaleNaN`.
"""

import csv
import io
from collections.abc import Sequence

import numpy as np

from barograph.formats.bulk_read import Block, SeriesTable
from barograph.formats.csv_columns import CsvColumns
from barograph.formats.numbers import format_values, parse_milliseconds, parse_timestamps, parse_values
from barograph.model.batch import Family, MetricType
from barograph.model.columns import SeriesRun
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import IntArray

_STAMPS = {"timestamp_ms": parse_milliseconds, "timestamp": parse_timestamps}
_ODD = frozenset(',"\r\n')


class CsvLines:
    """Implements `LineFormat` for our own form. The first line is the header, unless it is given."""

    quoted = True

    def __init__(self, header: str = "") -> None:
        self.header = ""
        """The header, once it is known: whoever goes on in the middle of a file needs it."""
        self._names: list[str] = []
        self._parse_stamps = parse_milliseconds
        if header:
            self._take_header(header)

    def parse(self, lines: Sequence[str], table: SeriesTable) -> Block:
        """See `LineFormat`."""
        if not self.header and lines:
            self._take_header(lines[0])
        known = table.number_of.get
        numbers: list[int] = []
        stamps: list[str] = []
        values: list[str] = []
        for line in lines:
            parts = line.rsplit(",", 2)
            number = known(parts[0])
            if number is None:
                if not line or line == self.header:  # files may be joined
                    continue
                number = self._add(parts, table)
            numbers.append(number)
            stamps.append(parts[1])
            values.append(parts[2])
        return Block(np.array(numbers, np.int64), self._parse_stamps(stamps), parse_values(values))

    def _take_header(self, line: str) -> None:
        cells = _cells(line)
        if len(cells) < 3 or cells[0] != "metric" or cells[-2] not in _STAMPS or cells[-1] != "value":
            raise ValueError(
                f"{line[:80]!r} is no header: write metric,<label names>,timestamp_ms,value, or describe the columns "
                "of another form with --csv-format"
            )
        if len(set(cells[:-2])) != len(cells) - 2 or not all(cells):
            raise ValueError(f"{line[:80]!r} is no header: a label stands in it twice, or without a name")
        self._parse_stamps = _STAMPS[cells[-2]]
        self._names, self.header = [METRIC_NAME, *cells[1:-2]], line

    def _add(self, parts: list[str], table: SeriesTable) -> int:
        if len(parts) < 3:
            raise ValueError(f"{','.join(parts)[:80]!r} has too few cells: {len(self._names) + 2} are expected")
        cells = _cells(parts[0])
        if len(cells) != len(self._names):
            raise ValueError(f"{parts[0][:80]!r} has {len(cells)} cells for {len(self._names)} columns of labels")
        labels = Labels(zip(self._names, cells, strict=True))
        if not labels.pairs:
            raise ValueError("a series has no label at all: give it a metric name")
        return table.add(parts[0], labels, Family(labels.name, MetricType.UNTYPED, ""))


class DescribedCsvLines:
    """Implements `LineFormat` for the columns that a description names (`format=2:metric:ask,3:time:unix_s`)."""

    quoted = True

    def __init__(self, description: str, default_ms: int | None) -> None:
        """Take a description.

        Raises:
            ValueError: It is none.
        """
        self._columns = CsvColumns.parse(description)
        self._default_ms = default_ms

    def parse(self, lines: Sequence[str], table: SeriesTable) -> Block:
        """See `LineFormat`. An empty cell of a metric is no sample."""
        try:
            rows = [row for row in csv.reader(lines, strict=True) if row]
        except csv.Error as error:
            raise ValueError(f"no line of CSV: {error}") from error
        if not rows:
            return Block(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        try:
            cells = list(zip(*rows, strict=True))
        except ValueError:
            raise ValueError("lines have different numbers of cells") from None
        if self._columns.most > len(cells):
            raise ValueError(f"a line has {len(cells)} cells; the format describes {self._columns.most}")
        times = self._times(cells, len(rows))
        return _joined([self._metric(place, name, cells, (times, table)) for place, name in self._columns.metrics])

    def _times(self, cells: Sequence[tuple[str, ...]], count: int) -> IntArray:
        if self._columns.time is not None:
            place, parse = self._columns.time
            return parse(cells[place])
        if self._default_ms is None:
            raise ValueError("the format describes no column of times: add one, such as 4:time:unix_s")
        return np.full(count, self._default_ms, np.int64)

    def _metric(
        self, place: int, name: str, cells: Sequence[tuple[str, ...]], into: tuple[IntArray, SeriesTable]
    ) -> Block:
        times, table = into
        label_rows = list(zip(*(cells[at] for at, _ in self._columns.labels), strict=True)) or [()] * len(times)
        present = [row for row, text in enumerate(cells[place]) if text]
        numbers = [self._number(name, label_rows[row], table) for row in present]
        values = parse_values([cells[place][row] for row in present])
        return Block(np.array(numbers, np.int64), times[present], values)

    def _number(self, name: str, values: tuple[str, ...], table: SeriesTable) -> int:
        text = "\0".join((name, *values))
        number = table.number_of.get(text)
        if number is None:
            pairs = [(label, value) for (_, label), value in zip(self._columns.labels, values, strict=True)]
            number = table.add(text, Labels([(METRIC_NAME, name), *pairs]), Family(name, MetricType.UNTYPED, ""))
        return number


class CsvWriter:
    """Implements `RunWriter` for our own form.

    Args:
        label_names: Every label name that the runs have, but for the metric name.
    """

    content_type = "text/csv; charset=utf-8"

    def __init__(self, label_names: Sequence[str]) -> None:
        self._names = [METRIC_NAME, *label_names]
        self._stamps: tuple[IntArray | None, list[bytes]] = (None, [])

    def begin(self) -> bytes:
        """See `RunWriter`."""
        return (",".join(["metric", *map(_cell, self._names[1:]), "timestamp_ms", "value"]) + "\n").encode()

    def write(self, runs: Sequence[SeriesRun]) -> bytes:
        """See `RunWriter`."""
        return b"".join([self._lines(run) for run in runs])

    def end(self) -> bytes:
        """See `RunWriter`."""
        return b""

    def _lines(self, run: SeriesRun) -> bytes:
        known, stamps = self._stamps
        if known is not run.timestamps_ms:
            stamps = [b"%d," % at for at in run.timestamps_ms.tolist()]
            self._stamps = (run.timestamps_ms, stamps)
        labels = run.labels.to_dict()
        head = "\n" + ",".join([_cell(labels.get(name, "")) for name in self._names]) + ","
        lines = [head.encode()] * (3 * len(stamps))
        lines[1::3] = stamps
        lines[2::3] = format_values(run.values)
        return b"".join(lines)[1:] + b"\n" if stamps else b""


def _joined(blocks: Sequence[Block]) -> Block:
    return Block(
        np.concatenate([block.series for block in blocks]),
        np.concatenate([block.timestamps_ms for block in blocks]),
        np.concatenate([block.values for block in blocks]),
    )


def _cells(line: str) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(line, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(f"{line[:80]!r} is no line of CSV: {error}") from error
    return rows[0] if len(rows) == 1 else []


def _cell(text: str) -> str:
    if _ODD.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
