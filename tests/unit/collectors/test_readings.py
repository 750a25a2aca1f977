from pathlib import Path

import pytest

from barograph.collectors.base import SeriesSpec, gauge
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, ReadingFrame, lines_of, unsigned
from barograph.model.errors import CollectError
from helpers.collectors import as_dict

_FAMILY = gauge("node_x", "X.")


def _parse(data: bytes) -> list[Reading]:
    return [(SeriesSpec(_FAMILY, {"n": str(i)}), float(words[0])) for i, words in enumerate(lines_of(data))]


class _Lines(FileCollector):
    name = "x"


def test_lines_are_words() -> None:
    assert lines_of(b"a b\n\n c\x1cd\n") == [[b"a", b"b"], [], [b"c\x1cd"]]
    assert lines_of(b"") == []


def test_counters_have_64_bits_and_no_sign() -> None:
    assert (unsigned(b"12"), unsigned("ff", 16)) == (12, 255)
    for text in (b"-1", b"18446744073709551616"):
        with pytest.raises(ValueError, match="no counter of 64 bits"):
            unsigned(text)


def test_the_schema_stays_while_the_series_do() -> None:
    frame = ReadingFrame("x")
    first = frame.batch([(SeriesSpec(_FAMILY, {"n": "1"}), 3.0)], 1)
    assert as_dict(first) == {'node_x{n="1"}': 3}
    again = frame.batch([(SeriesSpec(_FAMILY, {"n": "1"}), 4.0)], 2)
    assert again.schema is first.schema
    assert as_dict(again) == {'node_x{n="1"}': 4}
    assert as_dict(frame.batch([], 3)) == {}


def test_a_file_is_parsed_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("1\n2\n")
    parsed: list[bytes] = []

    def parse(data: bytes) -> list[Reading]:
        parsed.append(data)
        return _parse(data)

    collector = _Lines(KeptFile(path), parse)
    assert as_dict(collector.collect(1)) == as_dict(collector.collect(2)) == {'node_x{n="0"}': 1, 'node_x{n="1"}': 2}
    assert len(parsed) == 1
    path.write_text("5\n")
    assert as_dict(collector.collect(3)) == {'node_x{n="0"}': 5}
    path.write_text("odd\n")
    with pytest.raises(CollectError, match="file is not as the kernel writes it: could not convert"):
        collector.collect(4)
    collector.close()
