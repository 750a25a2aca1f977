"""Groups of rules as the text of a rule file, for people and for Prometheus. Pure; `rules show` prints it."""

import json
from collections.abc import Iterator, Mapping, Sequence

from barograph.model.units import Duration
from barograph.rules.rulefile import Rule, RuleGroup


def write_groups(groups: Sequence[RuleGroup]) -> str:
    """Return the text of a rule file with these groups."""
    if not groups:
        return "groups: []\n"
    return "\n".join(["groups:", *(line for group in groups for line in _group(group))]) + "\n"


def _group(group: RuleGroup) -> Iterator[str]:
    yield f"  - name: {_scalar(group.name)}"
    if group.interval_ms is not None:
        yield f"    interval: {Duration(group.interval_ms)}"
    if group.query_offset_ms is not None:
        yield f"    query_offset: {Duration(group.query_offset_ms)}"
    if group.limit:
        yield f"    limit: {group.limit}"
    yield from _texts("labels", group.labels, 4)
    yield "    rules:"
    for rule in group.rules:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"      - {'alert' if rule.is_alert else 'record'}: {_scalar(rule.name)}"
    yield from _text("expr", rule.expr, 8)
    if rule.for_ms:
        yield f"        for: {Duration(rule.for_ms)}"
    if rule.keep_firing_ms:
        yield f"        keep_firing_for: {Duration(rule.keep_firing_ms)}"
    yield from _texts("labels", rule.labels, 8)
    yield from _texts("annotations", rule.annotations, 8)


def _texts(key: str, texts: Mapping[str, str], indent: int) -> Iterator[str]:
    if texts:
        yield f"{' ' * indent}{key}:"
        for name, text in texts.items():
            yield from _text(_scalar(name), text, indent + 2)


def _text(key: str, text: str, indent: int) -> Iterator[str]:
    """Write a text of several lines as a block, where YAML would give it back unchanged."""
    space = " " * indent
    lines = text.split("\n")
    is_block = len(lines) > 1 and lines[0][:1] not in ("", " ") and lines[-1] and all(map(str.isprintable, lines))
    yield f"{space}{key}: {'|-' if is_block else _scalar(text)}"
    if is_block:
        yield from (f"{space}  {line}" if line else "" for line in lines)


def _scalar(text: str) -> str:
    """Write a text in one line: bare where it is a plain word, else in quotes."""
    is_word = text.isascii() and text.replace("_", "").replace(":", "x").isalnum() and not text[0].isdigit()
    if is_word and not text.endswith(":") and text.lower() not in _WORDS_OF_YAML:
        return text
    return "".join(map(_character, json.dumps(text, ensure_ascii=False)))


def _character(character: str) -> str:
    """Escape what YAML does not take as it is."""
    if character.isprintable():
        return character
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"})
