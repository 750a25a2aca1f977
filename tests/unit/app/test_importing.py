"""Texts to columns, and compressed bodies to texts, within bounds."""

import gzip
import io
import tracemalloc
from pathlib import Path

import cramjam
import pytest

from barograph.app import importing
from barograph.app.importing import ImportText, counts_of, expand, kept_from_ms, read_columns, reader_of
from barograph.model.errors import FormatError, LineError
from barograph.model.units import Duration
from barograph.tsdb.config import StoreConfig

NEWEST = 1 << 50
TEXT = b"a 1 1\nb 2 2\n"


def text(kind: str, **more: object) -> ImportText:
    return ImportText(format=kind, newest_ms=NEWEST, **more)  # type: ignore[arg-type]  # of a test's own


@pytest.mark.parametrize(
    ("what", "body"),
    [
        (text("openmetrics"), TEXT),
        (text("csv"), b"metric,timestamp_ms,value\na,1,1\nb,2,2\n"),
        (text("csv", csv_format="1:label:__name__,2:metric:a,3:time:unix_s"), b",1,1\n,2,2\n"),
        (text("jsonl"), b'{"metric":{"__name__":"a"},"values":[1,2],"timestamps":[1,2]}\n'),
    ],
)
def test_each_format_is_read(what: ImportText, body: bytes) -> None:
    reader = reader_of(what)
    assert sum(len(columns) for columns in read_columns(reader, io.BytesIO(body))) == 2


def test_samples_come_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_PENDING_SAMPLES", 2)
    monkeypatch.setattr(importing, "_READ_BYTES", 14)
    portions = list(read_columns(reader_of(text("openmetrics")), io.BytesIO(TEXT * 3)))
    assert [len(columns) for columns in portions] == [2, 2, 2]


def test_options_reach_the_reader() -> None:
    with pytest.raises(LineError, match=r"store\.future_limit"):
        list(read_columns(reader_of(ImportText(format="openmetrics", newest_ms=5)), io.BytesIO(TEXT)))
    reader = reader_of(text("openmetrics", skip_bad=True, default_ms=7))
    (columns,) = read_columns(reader, io.BytesIO(b"a 1\nbad\n"))
    assert columns.timestamps_ms.tolist() == [7] and reader.skipped == 1
    with pytest.raises(FormatError, match="describes no column"):
        reader_of(text("csv", csv_format="nonsense"))


PACKED = {
    "gzip": gzip.compress(TEXT),
    "zstd": bytes(cramjam.zstd.compress(TEXT)),
    "snappy": bytes(cramjam.snappy.compress(TEXT)),
}


@pytest.mark.parametrize("encoding", [*PACKED, "raw snappy"])
def test_a_body_is_expanded_within_a_bound(encoding: str, tmp_path: Path) -> None:
    body = PACKED.get(encoding) or bytes(cramjam.snappy.compress_raw(TEXT))
    source, target = tmp_path / "packed", tmp_path / "text"
    source.write_bytes(body)
    expand(source, encoding.removeprefix("raw "), target, 100)
    assert target.read_bytes() == TEXT
    with pytest.raises(FormatError, match=r"larger than 11 bytes decompressed; web\.max_import_text"):
        expand(source, encoding.removeprefix("raw "), target, 11)
    source.write_bytes(b"\x05" + body[:-4])
    with pytest.raises(FormatError, match="the body is no"):
        expand(source, encoding.removeprefix("raw "), target, 100)


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "snappy"])
def test_a_bomb_takes_no_memory(encoding: str, tmp_path: Path) -> None:
    source, target = tmp_path / "packed", tmp_path / "text"
    source.write_bytes(bytes(getattr(cramjam, encoding).compress(bytes(64 << 20))))
    tracemalloc.start()
    with pytest.raises(FormatError, match="larger than 1048576 bytes"):
        expand(source, encoding, target, 1 << 20)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 16 << 20
    assert target.stat().st_size <= 1 << 20


def test_a_forged_length_of_snappy_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "packed"
    source.write_bytes(b"\xff\xff\xff\xff\x0f\x00a")
    with pytest.raises(FormatError, match="larger than"):
        expand(source, "snappy", tmp_path / "text", 1 << 40)


def test_samples_that_retention_drops_soon_are_said() -> None:
    config = StoreConfig(retention=Duration.parse("1d"), retention_for={"up": Duration.parse("3d")})
    assert kept_from_ms(config, 10 * 86_400_000) == 7 * 86_400_000
    for kept, notes in ((1000, 0), (1001, 1)):
        what = text("openmetrics", kept_from_ms=kept)
        reader = reader_of(what)
        list(read_columns(reader, io.BytesIO(TEXT)))
        counts = counts_of(reader, what, 2)
        assert (counts.samples, len(counts.notes)) == (2, notes)
        assert all("older than store.retention" in note for note in counts.notes)
