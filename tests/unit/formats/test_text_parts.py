"""Parts of a text: cut at line ends, each with what it needs of those before."""

from itertools import pairwise

import pytest

from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS, Part, PartCutter, Place
from barograph.model.errors import LineError


def cut(
    name: str, text: str, most: int, begin: Place | None = None, *, has_header: bool = True, piece: int = 7
) -> list[Part]:
    cutter = PartCutter(name, has_header, most, begin or Place())
    data = text.encode()
    parts = [part for at in range(0, len(data), piece) for part in cutter.feed(data[at : at + piece])]
    return [*parts, *cutter.finish()]


def test_parts_are_whole_lines_and_go_on_where_the_one_before_ended() -> None:
    text = "".join(f'{{"n":{i}}}\n' for i in range(20))
    parts = cut(JSON_LINES, text, 30)
    assert len(parts) > 4
    assert b"".join(part.body for part in parts) == text.encode()
    assert all(part.body.endswith(b"\n") for part in parts)
    for before, after in pairwise(parts):
        assert after.begin == before.end
    assert parts[-1].end == Place(len(text), 20, "")
    rest = cut(JSON_LINES, text[parts[1].end.offset :], 30, parts[1].end)
    assert [part.end for part in rest][-1] == parts[-1].end


def test_types_and_help_go_along() -> None:
    text = "# TYPE a gauge\n# HELP a First.\na 1 1\n# TYPE b counter\n# a remark of four words\n# HELP b\na 2 2\n"
    text += "b_total 1 1\n# HELP a New.\nc 1 1\nc 2 2\n"
    parts = cut(OPENMETRICS, text, 40, piece=20)
    assert parts[0].begin.preamble == ""
    assert parts[-1].begin.preamble == "# TYPE a gauge\n# TYPE b counter\n# HELP a New.\n"
    assert "".join(part.body.decode().removeprefix(part.begin.preamble) for part in parts) == text
    again = cut(OPENMETRICS, "d 1 1\n", 40, parts[-1].begin)
    assert again[0].body.decode() == parts[-1].begin.preamble + "d 1 1\n"
    assert again[0].end.preamble == parts[-1].begin.preamble


def test_only_the_newest_comments_go_along() -> None:
    text = "".join(f"# TYPE m{i} gauge\n" for i in range(1500))
    (part,) = cut(OPENMETRICS, text, 1 << 20)
    kept = part.end.preamble.splitlines()
    assert len(kept) == 1000 and kept[-1] == "# TYPE m1499 gauge"


def test_a_csv_header_goes_along_and_quotes_are_not_cut() -> None:
    text = 'metric,"a\nb",timestamp_ms,value\r\n' + "".join(f'm,"x\n{i}",{i},1\n' for i in range(9))
    parts = cut(CSV, text, 50)
    header = 'metric,"a\nb",timestamp_ms,value\n'
    assert len(parts) > 2
    assert all(part.begin.preamble == header for part in parts[1:])
    assert all(part.body.count(b'"') % 2 == 0 for part in parts)
    assert parts[1].line_in_text(3) == parts[0].end.lines + 1
    assert parts[1].line_in_text(1) == parts[0].end.lines + 1
    plain = cut(CSV, "1,2\n" * 9, 10, has_header=False)
    assert all(part.begin.preamble == "" for part in plain)
    (whole,) = cut(CSV, "metric,timestamp_ms,value", 10)
    assert whole.end.preamble == "metric,timestamp_ms,value\n"


def test_a_line_longer_than_a_part_is_one_part_and_one_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a" * 100 + " 1 1\nb 1 1\n"
    assert b"".join(part.body for part in cut(OPENMETRICS, text, 20)) == text.encode()
    monkeypatch.setattr("barograph.formats.text_parts._MOST_LINE_BYTES", 50)
    with pytest.raises(LineError, match="line 1: it is longer than 50 bytes"):
        cut(OPENMETRICS, text, 20)


def test_nothing_is_no_part() -> None:
    assert cut(JSON_LINES, "", 10) == []
