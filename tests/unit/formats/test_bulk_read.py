"""Reading in pieces: where lines end, which line is to blame, what is left out."""

import pytest

from barograph.formats.bulk_read import ReadOptions
from barograph.formats.csv_text import CsvLines
from barograph.formats.openmetrics import OpenMetricsLines
from barograph.model.errors import FormatError, LineError
from unit.formats.bulk import read, samples

SKIP = ReadOptions(skip_bad=True)
LINES = "".join(f'm{{i="{i % 3}"}} {i} {1_700_000_000 + i}\n' for i in range(20))


def form() -> OpenMetricsLines:
    return OpenMetricsLines(ReadOptions())


@pytest.mark.parametrize("piece", [1, 7, 40, 10_000])
def test_pieces_of_any_size_read_the_same(piece: int) -> None:
    reader = read(form(), LINES, piece=piece)
    assert (reader.lines, reader.offset, reader.pending) == (20, len(LINES), 20)
    found = samples(reader.take())
    assert [row[2] if row[2] else 0.0 for row in found][1:] == [float(i) for i in range(1, 20)]
    assert reader.pending == 0 and samples(reader.take()) == []


def test_a_last_line_needs_no_end_and_windows_ends_are_ends() -> None:
    reader = read(form(), "a 1 1\r\nb 2 2")
    assert [row[0] for row in samples(reader.take())] == ["a", "b"]
    assert reader.lines == 2 and reader.offset == 12
    assert read(form(), "").lines == 0


def test_a_bad_line_is_named() -> None:
    with pytest.raises(LineError, match=r"^line 14: 'x' is no value: write .*; --skip-bad leaves such lines out$") as e:
        read(form(), "a 1 1\n" * 13 + "a x 1\n" + LINES)
    assert isinstance(e.value, FormatError) and e.value.line == 14


def test_bad_lines_are_skipped_and_counted_and_the_good_beside_them_are_read() -> None:
    bad = ["a x 1", "a 1 x", "a 1", "{ 1 1", "a 1 -5"]
    text = "".join(line + "\n" + good + "\n" for line, good in zip(bad, LINES.splitlines(), strict=False))
    reader = read(form(), text, SKIP)
    assert reader.skipped == 5 and reader.lines == 10
    assert [note.partition(":")[0] for note in reader.notes] == ["line 1", "line 3", "line 5", "line 7", "line 9"]
    assert len(samples(reader.take())) == 5
    many = read(form(), "a x 1\n" * 50, SKIP)
    assert many.skipped == 50 and len(many.notes) == 10


def test_a_line_that_is_not_utf8_is_refused_and_the_rest_is_read() -> None:
    reader = read(form(), b'a 1 1\nb{c="\xff"} 1 1\nd{c="\xc3\xa4"} 1 1\n', SKIP)
    assert [row[0] for row in samples(reader.take())] == ["a", 'd{c="ä"}']
    assert "not UTF-8" in reader.notes[0]


@pytest.mark.parametrize("piece", [3, 25, 1000])
def test_a_line_that_is_too_long_is_left_out_without_being_kept(piece: int) -> None:
    options = ReadOptions(skip_bad=True, max_line_bytes=30)
    text = "a 1 1\n" + "b" * 200 + " 1 1\n" + "c 1 1\n"
    reader = read(form(), text, options, piece)
    found = [row[0] for row in samples(reader.take())]
    # a line that comes whole in one piece was already there to be parsed
    assert found == (["a", "c"] if piece < 200 else ["a", "b" * 200, "c"])
    assert reader.offset == len(text) and reader.lines == 3
    cut = read(form(), "a 1 1\n" + "b" * 200, options, 20)
    assert cut.skipped == 1 and len(samples(cut.take())) == 1


def test_too_long_a_line_ends_the_reading() -> None:
    with pytest.raises(LineError, match="line 1: it is longer than 30 bytes"):
        read(form(), "b" * 200, ReadOptions(max_line_bytes=30), 20)


def test_limits_on_labels_and_time_are_named() -> None:
    options = ReadOptions(max_labels=2, max_label_bytes=10, newest_ms=5000, newest_setting="store.future_limit")
    for text, words in (
        ('a{b="c",d="e"} 1 1\n', "has 3 labels; 2 is the most"),
        (f'a{{b="{"c" * 11}"}} 1 1\n', "has 11 characters; 10 is the most"),
        ("a 1 7\n", "timestamp 7.000 lies 2 s farther in the future than store.future_limit allows"),
        ("a 1 -1\n", "before 1970"),
    ):
        with pytest.raises(LineError, match=words):
            read(form(), text, options)


@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_a_line_end_between_quotes_ends_no_line(piece: int) -> None:
    text = 'metric,a,timestamp_ms,value\nm,"x\ny",5,1\nm,"q""\n\n",6,2\nm,z,7,3\n'
    reader = read(CsvLines(), text, piece=piece)
    assert [(row[0], row[1]) for row in samples(reader.take())] == [
        ('m{a="x\\ny"}', 5),
        ('m{a="q\\"\\n\\n"}', 6),
        ('m{a="z"}', 7),
    ]
    assert reader.offset == len(text) and reader.lines == text.count("\n")
    with pytest.raises(LineError, match="line 4: 'z' is no value"):
        read(CsvLines(), 'metric,a,timestamp_ms,value\nm,"x\ny",5,1\nm,,6,z\n', piece=piece)


def test_a_quote_without_an_end_is_refused() -> None:
    with pytest.raises(LineError, match="line 2"):
        read(CsvLines(), 'metric,a,timestamp_ms,value\nm,"x,5,1\nm,y,6,2\n')
