"""The configuration described from its structs."""

import msgspec
import pytest

from barograph.app.config import Config
from barograph.app.config_schema import json_schema, settings_of
from barograph.model.units import Duration, Size


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room.

    Attributes:
        width: How wide it is,
            from wall to wall.
        lit: Whether a lamp burns.
    """

    width: int = 3
    lit: bool = True
    names: tuple[str, ...] = ("a", "b")
    """What it is
    called."""
    cleaned: Duration | None = None
    volume: Size = Size.parse("2MiB")
    share: float = 0.5


class Cellar(Room, frozen=True, kw_only=True):
    """A room below.

    Attributes:
        depth: How deep it lies.
    """

    depth: int = 1


def test_a_setting_has_its_words_its_default_and_its_doc_line() -> None:
    found = {setting.name: (setting.kind, setting.default, setting.doc) for setting in settings_of(Room)}
    assert found == {
        "width": ("whole number", "3", "How wide it is, from wall to wall."),
        "lit": ("true or false", "true", "Whether a lamp burns."),
        "names": ("list of texts", "a, b", "What it is called."),
        "cleaned": ("duration", "", ""),
        "volume": ("size", "2MiB", ""),
        "share": ("number", "0.5", ""),
    }


def test_what_a_section_inherits_keeps_its_doc_line() -> None:
    docs = {setting.name: setting.doc for setting in settings_of(Cellar)}
    assert docs["lit"] == "Whether a lamp burns."
    assert docs["depth"] == "How deep it lies."


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("log", "level"), {"type": "string", "default": "info"}),
        (("web", "live_clients"), {"type": "integer", "minimum": 0, "default": 64}),
        (("web", "listen"), {"type": "array", "items": {"type": "string"}, "default": ["127.0.0.1:10132"]}),
        (("store", "retention"), {"type": "string", "examples": ["15s", "1h30m"], "default": "30d"}),
        (
            ("store", "max_size"),
            {"type": ["string", "integer"], "examples": ["512MB", "10GiB"], "default": "10GiB"},
        ),
        (("collectors", "cpu", "enabled"), {"type": "boolean"}),
    ],
)
def test_the_schema_of_a_setting(path: tuple[str, ...], expected: dict[str, object]) -> None:
    part = json_schema()
    for name in path:
        part = part["properties"][name]
    assert part.pop("description")
    assert part == expected


def test_a_section_takes_no_unknown_key() -> None:
    schema = json_schema()
    assert list(schema["properties"]) == list(Config.__struct_encode_fields__)
    store = schema["properties"]["store"]
    assert store["additionalProperties"] is False
    assert store["description"] == "How long and how much is kept."
