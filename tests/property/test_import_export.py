"""Text into a store and out again, through each format: the same text, whatever is in it."""

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from barograph.app.importing import ImportText, read_columns, reader_of
from barograph.formats.text_parts import CSV, FORMATS
from barograph.formats.writers import writer_of
from barograph.model.columns import SeriesRun
from barograph.model.labels import METRIC_NAME
from barograph.tsdb.export import Export
from barograph.tsdb.load import BulkLoader
from barograph.tsdb.reader import StoreReader
from helpers.clock import FakeClock
from property.test_bulk_formats import runs
from unit.tsdb.stores import SMALL, T0

LATEST_MS = 1 << 50


def exported(folder: Path, name: str) -> bytes:
    reader = StoreReader.open_offline(folder, SMALL)
    try:
        export = Export(reader, [()], 0, LATEST_MS)
        writer = writer_of(name, export.label_names)
        return writer.begin() + b"".join([writer.write(found) for found in export]) + writer.end()
    finally:
        reader.close()


def imported(folder: Path, name: str, text: bytes) -> None:
    with BulkLoader.open(folder, SMALL, FakeClock(T0)) as loader:
        for columns in read_columns(reader_of(ImportText(format=name, newest_ms=LATEST_MS)), io.BytesIO(text)):
            loader.write_samples(columns)


@pytest.mark.parametrize("name", FORMATS)
@given(given_runs=runs())
@settings(deadline=None, max_examples=4)
def test_a_store_gives_back_what_it_was_given(name: str, given_runs: list[SeriesRun]) -> None:
    names = sorted({key for run in given_runs for key, _ in run.labels} - {METRIC_NAME})
    writer = writer_of(name, names)
    with tempfile.TemporaryDirectory() as temporary:
        first, second = Path(temporary) / "a", Path(temporary) / "b"
        imported(first, name, writer.begin() + writer.write(given_runs) + writer.end())
        text = exported(first, name)
        imported(second, name, text)
        assert exported(second, name) == text
        samples = sum(len(run.values) for run in given_runs)
        if name == CSV and b'"' not in text:
            assert text.count(b"\n") == samples + 1
