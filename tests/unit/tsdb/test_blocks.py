import zlib
from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.errors import VersionError
from barograph.tsdb import blocks
from barograph.tsdb.blocks import BlockWriter, EncodedBlock, EncodedSpan, Span
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import encode_block
from unit.tsdb.stores import FAMILY, T0, labels_of

FORMAT_1 = """
PRAGMA user_version = 1;
CREATE TABLE series (first INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE spans (
  span INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, origin INTEGER NOT NULL, last_tick INTEGER NOT NULL,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, samples INTEGER NOT NULL, blocks INTEGER NOT NULL,
  step_ms INTEGER NOT NULL, times BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE blocks (
  block INTEGER PRIMARY KEY AUTOINCREMENT, span INTEGER NOT NULL, directory BLOB NOT NULL, payload BLOB NOT NULL);
CREATE INDEX blocks_of_span ON blocks (span);
CREATE TABLE tally (one INTEGER PRIMARY KEY, spans INTEGER NOT NULL, series INTEGER NOT NULL, crc INTEGER NOT NULL);
"""


def block(*names: str) -> EncodedBlock:
    entries, payload = encode_block(np.arange(10.0 * len(names)).reshape(len(names), 10))
    return EncodedBlock([SeriesInfo(labels_of(name), FAMILY) for name in names], entries, payload)


def span(start: int = 0, *names: str) -> EncodedSpan:
    return EncodedSpan("host/1s", 7, T0 + 1000 * np.arange(start, start + 10), [block(*names or ("x",))])


def old_file(path: Path) -> None:
    """A file as the first release wrote it, with one span."""
    connection = apsw.Connection(str(path))
    connection.execute(FORMAT_1)
    row = Span(1, "host/1s", 1, 7, T0, T0 + 9000, 10, 0, 1000, b"")
    connection.execute("INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row[:-2], row.checksum()))
    connection.execute("INSERT INTO tally VALUES (1, 1, 0, ?)", (zlib.crc32(blocks._TALLY.pack(1, 0)),))
    connection.close()


def test_a_file_of_format_1_is_read_and_becomes_format_2_when_written(tmp_path: Path) -> None:
    path = tmp_path / "blocks-20231114.db"
    old_file(path)
    connection = apsw.Connection(str(path))
    (before,), missing = blocks.read_spans(connection)
    assert (before.column, before.day_ms, missing) == (0, 0, 0)
    assert connection.pragma("user_version") == 1
    writer = BlockWriter(path)
    writer.write([span(20)])
    found, missing = blocks.read_spans(connection)
    assert ([each.span for each in found], missing) == ([1, 2], 0)
    assert found[0] == before
    assert connection.pragma("user_version") == 2
    writer.close()
    connection.close()


def test_a_file_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "blocks-20231114.db"
    old_file(path)
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", blocks.FORMAT + 1)
    connection.close()
    with pytest.raises(VersionError, match=f"has format {blocks.FORMAT + 1}"):
        BlockWriter(path)


def test_the_sequence_rises_with_every_change(tmp_path: Path) -> None:
    writer = BlockWriter(tmp_path / "blocks-20231114.db")
    seen = [blocks.sequence(writer.connection)]
    writer.write([span(), span(10)])
    seen.append(blocks.sequence(writer.connection))
    writer.write([span(20)], replaced=[2])
    seen.append(blocks.sequence(writer.connection))
    writer.write([], replaced=[1])
    seen.append(blocks.sequence(writer.connection))
    assert seen == sorted(set(seen))
    writer.close()


def test_blocks_count_once_their_span_is_there(tmp_path: Path) -> None:
    writer = BlockWriter(tmp_path / "blocks-1m-202311.db")
    first = writer.reserve(2)
    assert writer.write_blocks([(first, block("x", "y")), (first + 1, block("x", "y"))]) > 0
    assert blocks.read_spans(writer.connection) == ([], 0)
    row = Span(first, "host/1s", blocks.DERIVED, 3, T0, T0 + 9000, 10, 1, 1000, b"", 5, T0)
    writer.write_spans([row], [])
    assert blocks.read_spans(writer.connection) == ([row], 0)
    writer.discard_strays()
    assert [number for number, _ in blocks.read_directories(writer.connection, first)] == [1]
    assert list(blocks.read_directories(writer.connection, first + 1)) == []
    again = writer.reserve(1)
    assert again == first + 2
    writer.write_spans([row._replace(span=again)], [first])
    assert [each.span for each in blocks.read_spans(writer.connection)[0]] == [again]
    assert list(blocks.read_directories(writer.connection, first)) == []
    writer.close()


def test_a_flipped_column_of_a_tiers_span_is_noticed(tmp_path: Path) -> None:
    writer = BlockWriter(tmp_path / "blocks-1m-202311.db")
    row = Span(writer.reserve(1), "host/1s", blocks.DERIVED, 3, T0, T0 + 9000, 10, 0, 1000, b"", 5, T0)
    for change in ("col = 6", "day_ms = day_ms + 1", "col = 0"):
        writer.write_spans([row], [row.span])
        writer.connection.execute(f"UPDATE spans SET {change}")
        assert blocks.read_spans(writer.connection) == ([], 1)
    writer.close()
