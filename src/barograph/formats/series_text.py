"""One series as the text formats write it: `name{label="value",...}`, with UTF-8 names in quotes. Pure.

The bulk parsers call it once for each series, not for each sample.
"""

import re

from barograph.model.labels import METRIC_NAME, Labels, escape_value, is_legacy_metric_name, is_legacy_name

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = {"n": "\n", '"': '"', "\\": "\\"}
_BLANK = re.compile(r"[ \t]*")


def parse_series(text: str) -> tuple[Labels, int]:
    """Parse a series at the beginning of a text; returns it, and the column behind it and behind blanks.

    Raises:
        ValueError: There is none; says what is wrong.
    """
    name = _NAME.match(text)
    pairs = [(METRIC_NAME, name[0])] if name else []
    column = _skip(text, name.end() if name else 0)
    if text[column : column + 1] == "{":
        column = _parse_labels(text, column + 1, pairs)
    elif name is None:
        raise ValueError(f"{text[:40]!r} does not begin with a metric name")
    labels = Labels(pairs)
    if not labels.pairs:
        raise ValueError("a series has no label at all: give it a metric name")
    return labels, _skip(text, column)


def format_series(labels: Labels) -> str:
    """Format a series; `parse_series` gives it back."""
    name = labels.name
    inside = [
        f'{key if is_legacy_name(key) else _quote(key)}="{escape_value(value)}"'
        for key, value in labels
        if key != METRIC_NAME
    ]
    if name and not is_legacy_metric_name(name):
        inside.insert(0, _quote(name))
        name = ""
    return f"{name}{{{','.join(inside)}}}" if inside else name


def _parse_labels(text: str, column: int, pairs: list[tuple[str, str]]) -> int:
    """Add the labels behind an opening brace; returns the column behind the closing one."""
    while True:
        column = _skip(text, column)
        if text[column : column + 1] == "}":
            return column + 1
        quoted = _QUOTED.match(text, column)
        plain = _LABEL.match(text, column)
        found = quoted or plain
        if found is None:
            raise ValueError(f"no label name at {text[column : column + 20]!r}")
        name = unescape(quoted[1]) if quoted else found[0]
        column = _skip(text, found.end())
        if text[column : column + 1] == "=":
            value = _QUOTED.match(text, _skip(text, column + 1))
            if value is None:
                raise ValueError(f'label {name!r} has no value in quotes: write {name}="..."')
            pairs.append((_checked(name), unescape(value[1])))
            column = _skip(text, value.end())
        elif quoted:
            pairs.append((METRIC_NAME, name))
        else:
            raise ValueError(f'no = behind the label name {name!r}: write {name}="..."')
        if text[column : column + 1] == ",":
            column += 1
        elif text[column : column + 1] != "}":
            raise ValueError(f"no comma or closing brace behind label {name!r}")


def _checked(name: str) -> str:
    if not name:
        raise ValueError("a label has no name")
    return name


def unescape(text: str) -> str:
    r"""Undo `\n`, `\"` and `\\`.

    Raises:
        ValueError: Another escape is in it.
    """
    if "\\" not in text:
        return text
    for found in _ESCAPED.finditer(text):
        if found[1] not in _PLAIN:
            raise ValueError(rf"unknown escape {found[0]!r}: \\, \" and \n are known")
    return _ESCAPED.sub(lambda found: _PLAIN[found[1]], text)


def _quote(text: str) -> str:
    return f'"{escape_value(text)}"'


def _skip(text: str, column: int) -> int:
    found = _BLANK.match(text, column)
    return found.end() if found else column
