"""YAML with places."""

import pytest

from barograph.app.yaml_source import MAX_BYTES, format_path, parse_yaml
from barograph.model.errors import ConfigError


def test_every_key_and_item_has_its_place() -> None:
    document = parse_yaml("web:\n  listen:\n    - a\n    - b\nlog: {level: info}\n", "f")
    assert document.values == {"web": {"listen": ["a", "b"]}, "log": {"level": "info"}}
    places = {format_path(path): (place.line, place.column) for path, place in document.places.items()}
    assert places == {
        "": (1, 1),
        "web": (1, 1),
        "web.listen": (2, 3),
        "web.listen[0]": (3, 7),
        "web.listen[1]": (4, 7),
        "log": (5, 1),
        "log.level": (5, 7),
    }


def test_what_is_not_there_has_the_place_of_its_parent() -> None:
    document = parse_yaml("a:\n  b: 1\n", "f")
    assert (document.place(("a", "x", 3)).line, document.place(("a", "b")).line) == (1, 2)
    assert document.error("wrong", ("a", "b")).line == 2
    assert parse_yaml("", "f").place(("a",)).line == 1


def test_an_alias_repeats_what_it_names() -> None:
    assert parse_yaml("a: &x [1]\nb: *x\n", "f").values == {"a": [1], "b": [1]}


def test_dates_and_keys_are_texts() -> None:
    assert parse_yaml("a: 23:59\nb: -1:5\nc: 1:30.5\n", "f").values == {"a": "23:59", "b": "-1:5", "c": "1:30.5"}
    assert parse_yaml("a: 2026-11-23\n2026: 1\nyes: 2\n", "f").values == {"a": "2026-11-23", "2026": 1, "yes": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: a: 'a' stands here twice"),
        ("a:\n  b: 1\n  b: 2\n", "f:3:3: a.b: 'b' stands here twice"),
        ("x: [\n", "f:2:1: this is no YAML"),
        ("a: b: c\n", "f:1:5: this is no YAML"),
        ("a: *nobody\n", "f:1:4: this is no YAML: found undefined alias"),
        ("a: 1\n---\nb: 2\n", "f:2:1: this is no YAML"),
        ("a: 1\nb: \x07\n", "f:2:4: the character U+0007 cannot stand in YAML"),
        ("? [a]\n: 1\n", "f:1:3: a key must be a plain word"),
        (
            "a: !!python/object/apply:os.system [exit]\nb: !!python/name:os.system\n",
            "f:1:4: a: the tag os.system means nothing here: leave it out",
        ),
        ("a: !!python/name:os.system x\n", "f:1:4: this is no YAML: could not"),
        ("a: [1, 2\nb: 3\n", "f:2:2: this is no YAML: expected ',' or ']', but got ':'"),
        ("a: !!int abc\n", "f:1:4: a: this is no value of type int"),
        ("a: !!int\n", "f:1:4: a: this is no value of type int"),
        ("a: !!bool maybe\n", "f:1:4: a: this is no value of type bool"),
        (f"a: {'9' * 5000}\n", "f:1:4: a: this is no value of type int"),
        ("[" * 5000, "f: this is nested too deeply"),
        ("a: &a [*a]\n", "f: this is nested too deeply"),
        ("a: " + "x" * MAX_BYTES, "f: the file is larger than 1048576 bytes"),
    ],
)
def test_what_is_refused_names_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "f")
    assert str(caught.value).startswith(said)


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(ConfigError, match="more than 50000 values"):
        parse_yaml("\n".join(lines), "f")


def test_what_is_merged_in_gives_way_to_what_stands_there() -> None:
    document = parse_yaml("a: &x {k: 1, l: 2}\nb: &y {k: 5, m: 6}\nc:\n  <<: [*x, *y]\n  l: 3\nd: {<<: *x}\n", "f")
    assert document.values["c"] == {"k": 1, "m": 6, "l": 3}
    assert document.values["d"] == {"k": 1, "l": 2}


def test_only_the_first_of_several_documents() -> None:
    assert parse_yaml("a: 1\n---\nb: 2\n", "f", only_first=True).values == {"a": 1}
    assert parse_yaml("", "f", only_first=True).values is None
    with pytest.raises(ConfigError, match="expected a single document"):
        parse_yaml("a: 1\n---\nb: 2\n", "f")
