"""Plain values of a configuration -> its structs, and back; every refusal names its place and what is expected.

Called by `app/config.py`. It knows no section by name and reads no file.
"""

import difflib
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from barograph.app.yaml_source import Document, KeyPath, format_path
from barograph.model.errors import ConfigError
from barograph.model.secret import Secret
from barograph.model.units import Duration, Size

S = TypeVar("S", bound=msgspec.Struct)

_AT = re.compile(r" - at `\$([^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_QUOTED_TYPE = re.compile(r"`([^`]*)`")
_LARGEST = 2**63 - 1
_LONGEST_MS = _LARGEST // 1_000_000
"""292 years, Prometheus' own limit: its durations are 64-bit nanoseconds."""
_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "array": "a list",
    "object": "a section with keys",
    "null": "nothing",
}


class Source:
    """Where settings came from: a document, and what flags and variables set on top of it."""

    def __init__(self, document: Document, given: Mapping[KeyPath, Document]) -> None:
        self._document = document
        self._given = given

    def text(self, path: KeyPath) -> str | None:
        """Return how a value is written; None of a text, and where nobody wrote it."""
        # what is set within a section that is set as well counts, and stands behind it
        for override, document in reversed(list(self._given.items())):
            if path[: len(override)] == override:
                return document.texts.get(path[len(override) :])
        return self._document.texts.get(path)

    def where(self, path: KeyPath) -> str:
        """Return the file, line and column that a setting stands at."""
        place = self._document.place(path)
        return f"{self._document.file}:{place.line}:{place.column}"

    def error(self, message: str, path: KeyPath) -> ConfigError:
        """Return an error that blames the flag, the variable or the line that a setting came from."""
        for override, document in self._given.items():
            if path[: len(override)] == override:
                return ConfigError(message, file=document.file, path=format_path(path))
        if path not in self._document.places:
            # a default that does not go with what was set beside it
            beside = [given.file for override, given in self._given.items() if override[:1] == path[:1]]
            if beside or not self._document.file:
                return ConfigError(message, file=", ".join(beside), path=format_path(path))
        return self._document.error(message, path)


def convert(values: dict[str, Any], kind: type[S], source: Source) -> S:
    """Return the struct of plain values. A key without a value has its default.

    Where a text is expected, a value is what is written there: `1.10`, not 1.1, and `yes`, not true.

    Raises:
        ConfigError: A key is not known, or a value is not what is expected.
    """
    try:
        settings = msgspec.convert(as_meant(values, kind, source), kind, dec_hook=decode_setting)
    except msgspec.ValidationError as error:
        message, path = _explain(str(error), kind)
        raise source.error(message, path) from error
    _check_numbers(settings, (), source)
    return settings


def decode_setting(kind: type, value: Any) -> Any:  # noqa: ANN401  msgspec's hook
    """Return a value of one of our own types; msgspec's `dec_hook`."""
    if kind is Duration:
        if isinstance(value, str):
            return Duration.parse(value)
        if value == 0 and not isinstance(value, bool):
            return Duration(0)
        raise ValueError(f"{value!r} has no unit: write a duration like 15s or 1h30m")
    if kind is Size:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return Size(value)
        if isinstance(value, str):
            return _size(value)
        raise ValueError(f"{value!r} is no size: write it like 512MB or 10GiB")
    if kind is Secret:
        if isinstance(value, str):
            return Secret(value)
        raise ValueError("a text is expected")  # and what was found is nobody's business
    raise NotImplementedError(f"no setting has the type {kind}")


def _size(text: str) -> Size:
    try:
        return Size.parse(text)
    except OverflowError:  # hundreds of digits
        raise ValueError(f"{text!r} is too large: write a size like 512MB or 10GiB") from None


def encode_setting(value: Any) -> Any:  # noqa: ANN401  msgspec's hook
    """Return what `decode_setting` reads back; msgspec's `enc_hook`. Secrets are the caller's to hide."""
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, Size):
        return value.bytes
    raise NotImplementedError(f"no setting has the type {type(value)}")


def as_meant(values: Any, kind: Any, source: Source, path: KeyPath = ()) -> Any:  # noqa: ANN401  YAML, a type
    """Return values as a kind of setting understands them.

    Known keys without a value are left out, as in a section whose lines are all commented out. What is to be a text is
    what is written there.
    """
    kind = _without_none(kind)
    if isinstance(values, dict):
        if get_origin(kind) is dict:
            inner = get_args(kind)[1]
            return {key: as_meant(value, inner, source, (*path, key)) for key, value in values.items()}
        section = _section(kind)
        kinds = {} if section is None else keys_of(section)
        return {
            key: as_meant(value, kinds.get(key), source, (*path, key))
            for key, value in values.items()
            if value is not None or key not in kinds
        }
    if isinstance(values, list):
        inner = get_args(kind)[0] if get_origin(kind) is tuple else None
        return [as_meant(item, inner, source, (*path, place)) for place, item in enumerate(values)]
    written = source.text(path) if kind in (str, Secret) and not isinstance(values, str) else None
    return values if written is None else written


def keys_of(section: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the types of a section's settings by their keys, in order: a key may be a word that Python keeps."""
    kinds = get_type_hints(section)
    return {field.encode_name: kinds[field.name] for field in msgspec.structs.fields(section)}


def _without_none(kind: Any) -> Any:  # noqa: ANN401  a type
    """Return what a setting is where it is given; of several kinds, all of them."""
    kinds = [part for part in get_args(kind) if part is not NoneType] if isinstance(kind, UnionType) else []
    return kinds[0] if len(kinds) == 1 else kind


def _section(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401  a type
    """Return the struct that a type is, or that it may hold (`X | None`, `tuple[X, ...]`)."""
    return next((o for o in (kind, *get_args(kind)) if isinstance(o, type) and issubclass(o, msgspec.Struct)), None)


def _explain(text: str, kind: type[msgspec.Struct]) -> tuple[str, KeyPath]:
    """Return msgspec's refusal in a user's words, and the path of the setting it is about."""
    at = _AT.search(text)
    path = _path(at[1] if at else "")
    message = _AT.sub("", text)
    unknown = _UNKNOWN.fullmatch(message)
    known = _known_keys(kind, path)
    if unknown:
        return _unknown(unknown[1], known), (*path, unknown[1])
    word = message.partition(" ")[0]
    if word in known:  # a section's own check, which opens with the field's name
        return message, (*path, word)
    return _plain(message), path


def _path(text: str) -> KeyPath:
    return tuple(int(m[2]) if m[2] else m[1] for m in _PART.finditer(text) if m[1] or m[2])


def _known_keys(kind: type[msgspec.Struct], path: KeyPath) -> list[str]:
    section: type[msgspec.Struct] | None = kind
    for part in path:
        if section is not None and isinstance(part, str):  # an index leads to what the list holds
            section = _section(keys_of(section).get(part))
    return [] if section is None else list(keys_of(section))


def _unknown(key: str, known: list[str]) -> str:
    """Say that a key is unknown, and which one may be meant."""
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key {key!r}; {hint}"


def _plain(message: str) -> str:
    """Put msgspec's words for types into a user's."""
    text = _QUOTED_TYPE.sub(lambda found: _words(found[1]), message)
    return "e" + text[1:] if text.startswith("Expected ") else text


def _words(type_name: str) -> str:
    parts = [part for part in type_name.split(" | ") if part != "null"] or ["null"]
    return " or ".join(_WORDS.get(part, f"`{part}`") for part in parts)


def _check_numbers(settings: msgspec.Struct, path: KeyPath, source: Source) -> None:
    """Refuse numbers below 0, since each one counts something, and those that no store or clock can reckon with."""
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        here = (*path, field.encode_name)
        if isinstance(value, msgspec.Struct):
            _check_numbers(value, here, source)
        elif isinstance(value, Duration) and value.ms > _LONGEST_MS:
            raise source.error(f"{value} is too long: 292y is the longest duration", here)
        elif isinstance(value, int) and value < 0:
            raise source.error(f"{value} is negative: 0 or more is expected", here)
        elif isinstance(value, int) and value > _LARGEST:
            raise source.error(f"{value} is too large: {_LARGEST} is the largest number", here)
