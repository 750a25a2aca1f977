"""The configuration described from its own structs: every field with its type, default and doc line.

`config schema` prints it as JSON Schema, tools/gen_config_doc.py as docs/configuration.md.
"""

import inspect
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from barograph.app.config import Config
from barograph.model.secret import Secret
from barograph.model.units import Duration, Size

_DOC_LINE = re.compile(r"^    (\w+): (.+?)(?=^    \w+: |\Z)", re.MULTILINE | re.DOTALL)
_WORDS: dict[Any, tuple[str, dict[str, Any]]] = {
    bool: ("true or false", {"type": "boolean"}),
    int: ("whole number", {"type": "integer", "minimum": 0}),
    float: ("number", {"type": "number"}),
    str: ("text", {"type": "string"}),
    Any: ("section", {"type": ["object", "boolean"]}),
    str | int: ("text or number", {"type": ["string", "integer"]}),
    Secret: ("secret", {"type": "string"}),
    Duration: ("duration", {"type": "string", "examples": ["15s", "1h30m"]}),
    Size: ("size", {"type": ["string", "integer"], "examples": ["512MB", "10GiB"]}),
}
_ANY_TEXT = {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field of a section.

    `section` is its struct where the field is a section itself, `entry` that of its entries where it is a list of
    sections.
    """

    name: str
    kind: str
    default: str
    doc: str
    schema: dict[str, Any]
    section: type[msgspec.Struct] | None
    entry: type[msgspec.Struct] | None = None


def settings_of(section: type[msgspec.Struct]) -> Iterator[Setting]:
    """Yield a section's settings, in order."""
    docs = _docs(section)
    hints = get_type_hints(section)
    for field in msgspec.structs.fields(section):
        kind = _without_none(hints[field.name])
        doc = docs.get(field.name, "")
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield Setting(name=field.encode_name, kind="section", default="", doc=doc, schema={}, section=kind)
            continue
        entry = _entry(kind)
        if entry is section:
            yield Setting(
                name=field.encode_name,
                kind="list of entries like this one",
                default="",
                doc=doc,
                schema={"type": "array", "items": {"type": "object"}},
                section=None,
            )
            continue
        words, schema = _kind(kind) if entry is None else _entries(entry)
        default = _plain(_default(field))
        schema = {**schema, "description": doc, **({} if default is None else {"default": default})}
        shown = _shown(default) if entry is None else ""
        yield Setting(
            name=field.encode_name, kind=words, default=shown, doc=doc, schema=schema, section=None, entry=entry
        )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Barograph's configuration",
        **_section_schema(Config),
    }


def _section_schema(section: type[msgspec.Struct]) -> dict[str, Any]:
    properties = {
        setting.name: {"description": setting.doc, **_section_schema(setting.section)}
        if setting.section is not None
        else setting.schema
        for setting in settings_of(section)
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _docs(section: type[msgspec.Struct]) -> dict[str, str]:
    """Return each field's doc line: from `Attributes:`, or the string below the field."""
    found: dict[str, str] = {}
    for base in reversed(section.__mro__):
        if not (isinstance(base, type) and issubclass(base, msgspec.Struct)) or base is msgspec.Struct:
            continue
        listed = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        found |= {name: " ".join(text.split()) for name, text in _DOC_LINE.findall(listed)}
        found |= _strings_below(base)
    return found


def _strings_below(section: type) -> dict[str, str]:
    source = inspect.getsource(section)
    return {
        name: " ".join(text.split())
        for name, text in re.findall(r'^    (\w+): [^\n]+\n    """(.+?)"""', source, re.MULTILINE | re.DOTALL)
    }


def _without_none(kind: Any) -> Any:  # noqa: ANN401  a type, of which typing has no type
    if isinstance(kind, types.UnionType):
        return next(part for part in get_args(kind) if part is not types.NoneType)
    return kind


def _kind(kind: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401  as above
    if kind in _WORDS:
        return _WORDS[kind]
    if get_origin(kind) is dict:
        value = _WORDS[get_args(kind)[1]]
        # labels are often numbers, which need no quotes
        inner = _ANY_TEXT if value[0] == "text" else value[1]
        return f"mapping to {value[0]}s", {"type": "object", "additionalProperties": inner}
    item = _WORDS[get_args(kind)[0]]
    return f"list of {item[0]}s", {"type": "array", "items": item[1]}


def _entry(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401  as above
    """Return the struct of a list's entries; None where it is no such list."""
    item = get_args(kind)[0] if get_origin(kind) is tuple else None
    return item if isinstance(item, type) and issubclass(item, msgspec.Struct) else None


def _entries(entry: type[msgspec.Struct]) -> tuple[str, dict[str, Any]]:
    return "list of entries, see below", {"type": "array", "items": _section_schema(entry)}


def _default(field: msgspec.structs.FieldInfo) -> object:
    factory = field.default_factory
    if field.required:
        return None
    return field.default if factory is msgspec.NODEFAULT else factory()


def _plain(default: object) -> Any:  # noqa: ANN401  JSON
    if isinstance(default, Duration | Size):
        return str(default)
    if isinstance(default, Secret):
        return None  # no secret comes with the program
    if isinstance(default, dict):
        return {key: _plain(value) for key, value in default.items()}
    if isinstance(default, msgspec.Struct):
        return {field.encode_name: _plain(getattr(default, field.name)) for field in msgspec.structs.fields(default)}
    return [_plain(item) for item in default] if isinstance(default, tuple) else default


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, dict):
        return "{" + ", ".join(f"{key}: {value}" for key, value in default.items()) + "}"
    return ", ".join(default) if isinstance(default, list) else str(default)
