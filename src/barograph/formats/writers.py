"""The writer of each bulk format by its name. The export command and the API call it."""

from collections.abc import Sequence

from barograph.formats.csv_text import CsvWriter
from barograph.formats.json_lines import JsonLinesWriter
from barograph.formats.openmetrics import OpenMetricsWriter
from barograph.formats.run_writer import RunWriter
from barograph.formats.text_parts import CSV, OPENMETRICS


def writer_of(name: str, label_names: Sequence[str]) -> RunWriter:
    """Return a writer.

    Args:
        name: One of `text_parts.FORMATS`.
        label_names: Every label name that is to be written, for CSV.
    """
    if name == OPENMETRICS:
        return OpenMetricsWriter()
    return CsvWriter(label_names) if name == CSV else JsonLinesWriter()
