"""Texts that would steer a terminal, and those that must stay as they are."""

import json

import pytest

from barograph.cli.terminal import LINES, to_json, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("node_load1", "node_load1"),
        ("", ""),
        ("Zürich, 東京, 🌡 , α\u0301", "Zürich, 東京, 🌡 , α\u0301"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("over\rwrite\b\x7f\x00", "over\\rwrite\\x08\\x7f\\x00"),
        ("two\nlines\tand", "two\\nlines\\tand"),
        ("turned\u202eround\u2066", "turned\\u202eround\\u2066"),
        ("line\u2028end\u2029", "line\\u2028end\\u2029"),
        ("half \ud800 pair", "half \\ud800 pair"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
    ],
)
def test_what_steers_is_written_as_its_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_a_text_needs_can_stay() -> None:
    assert visible("a\n  ^\n\x1b", LINES) == "a\n  ^\n\\x1b"


def test_json_means_the_same_and_steers_nothing() -> None:
    value = {"a\x1b": ["\x9b\u202e\x7f\u2028", 'Zürich \\ " 🌡', "\ud800"]}
    text = to_json(value)
    assert json.loads(text) == value
    assert "Zürich" in text
    assert "🌡" in text
    assert visible(text) == text
