"""How answers are printed."""

import io
import json
import re
import sys
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from barograph.cli.answers import FORMATS, print_answer
from barograph.client.answer import Answer
from barograph.client.frames import Series
from barograph.model.labels import Labels

T0 = 1_795_403_520_000  # 2026-11-23T03:12:00Z


def series(labels: Labels, *samples: tuple[int, float]) -> Series:
    return Series(labels, np.array([t for t, _ in samples], np.int64), np.array([v for _, v in samples]))


VECTOR = Answer("vector", (series(Labels.of("m", a='[bold] "x"'), (T0, 1.5)), series(Labels.of("m", a="y"), (T0, 2.0))))
MATRIX = Answer("matrix", (series(Labels.of("m"), (T0, 1.0), (T0 + 500, float("nan")), (T0 + 60_000, float("inf"))),))
SCALAR = Answer("scalar", (series(Labels(), (T0, 4.0)),))
STRING = Answer("string", (), "a, \nb")
NOTHING = Answer("vector", ())


class Screen(io.StringIO):
    """Standard output as a terminal."""

    def isatty(self) -> bool:
        return True


def printed(answer: Answer, output_format: str, capsys: pytest.CaptureFixture[str], zone: str = "UTC") -> str:
    print_answer(answer, output_format, UTC if zone == "UTC" else ZoneInfo(zone))
    return capsys.readouterr().out


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_a_table_has_a_row_a_sample_and_names_its_zone_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(printed(MATRIX, "table", capsys, "Europe/Berlin")) == [
        "series  time (CET)               value",
        "m       2026-11-23 04:12:00          1",
        "m       2026-11-23 04:12:00.500    NaN",
        "m       2026-11-23 04:13:00       +Inf",
    ]


def test_a_labels_value_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert '[bold] \\"x\\"' in printed(VECTOR, "table", capsys)


HOSTILE = Answer(
    "vector", (series(Labels.of("m", a="\x1b[2J\x07\x9b1m\r\u202e"), (T0, 1.0)),), warnings=("\x1b]0;x\x07",)
)


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("answer", [HOSTILE, Answer("string", (), "\x1b[2J\x07\x9b\r", warnings=HOSTILE.warnings)])
def test_no_answer_steers_a_terminal(answer: Answer, output_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    screens = Screen(), Screen()
    monkeypatch.setattr(sys, "stdout", screens[0])
    monkeypatch.setattr(sys, "stderr", screens[1])
    print_answer(answer, output_format, UTC)
    for screen in screens:
        assert screen.getvalue()
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", screen.getvalue())


def test_a_program_gets_the_characters_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b[2J\x07\x9b1m\r\u202e" in printed(HOSTILE, "csv", capsys)
    (row,) = json.loads(printed(HOSTILE, "json", capsys))["result"]
    assert row["metric"]["a"] == "\x1b[2J\x07\x9b1m\r\u202e"


def test_a_table_shows_escapes_in_a_file_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert r'm{a="\x1b[2J\x07\x9b1m\r\u202e"}' in printed(HOSTILE, "table", capsys)


def test_for_a_program_no_row_is_folded(capsys: pytest.CaptureFixture[str]) -> None:
    wide = Answer("vector", (series(Labels.of("m", a="x" * 5000), (T0, 1.0)),))
    assert len(printed(wide, "table", capsys).splitlines()) == 2


@pytest.mark.parametrize("no_colour", [True, False])
def test_on_a_terminal_a_long_series_is_folded(monkeypatch: pytest.MonkeyPatch, no_colour: bool) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    print_answer(Answer("vector", (series(Labels.of("m", a="x" * 100), (T0, 1.0)),)), "table", UTC)
    text = screen.getvalue()
    shown = lines(re.sub(r"\x1b\[[0-9;]*m", "", text))
    assert len(shown) > 3
    assert max(len(line) for line in shown) <= 60
    assert not re.search(r"\x1b\[[0-9;]*(3|4|9|10)[0-9]m", text), "a colour"


def test_nothing_is_said_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(NOTHING, "table", UTC)
    assert capsys.readouterr() == ("", "barograph: no data\n")


def test_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(Answer("scalar", SCALAR.series, warnings=("mind the gap",)), "csv", UTC)
    assert capsys.readouterr().err == "barograph: mind the gap\n"


@pytest.mark.parametrize(
    ("answer", "data"),
    [
        (
            VECTOR,
            {
                "resultType": "vector",
                "result": [
                    {"metric": {"__name__": "m", "a": '[bold] "x"'}, "value": [T0 / 1000, "1.5"]},
                    {"metric": {"__name__": "m", "a": "y"}, "value": [T0 / 1000, "2"]},
                ],
            },
        ),
        (
            MATRIX,
            {
                "resultType": "matrix",
                "result": [
                    {
                        "metric": {"__name__": "m"},
                        "values": [[T0 / 1000, "1"], [T0 / 1000 + 0.5, "NaN"], [T0 / 1000 + 60, "+Inf"]],
                    }
                ],
            },
        ),
        (SCALAR, {"resultType": "scalar", "result": [T0 / 1000, "4"]}),
        (STRING, {"resultType": "string", "result": "a, \nb"}),
        (NOTHING, {"resultType": "vector", "result": []}),
    ],
)
def test_json_is_prometheus_data(answer: Answer, data: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(answer, "json", capsys)) == data


def test_csv_quotes_what_it_must(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(VECTOR, "csv", capsys).splitlines() == [
        "series,timestamp,value",
        '"m{a=""[bold] \\""x\\""""}",1795403520.0,1.5',
        '"m{a=""y""}",1795403520.0,2',
    ]
    assert printed(STRING, "csv", capsys) == 'value\n"a, \nb"\n'
    assert printed(NOTHING, "csv", capsys) == "series,timestamp,value\n"


def test_a_string_is_printed_bare(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(STRING, "table", capsys) == "a, \nb\n"


def test_the_formats() -> None:
    assert FORMATS == ("table", "json", "csv")
