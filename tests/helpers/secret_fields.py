"""A configuration with a different canary in every field that is a `Secret`, found by walking its types.

A section that somebody adds is planted too: what a field needs beside its secret is guessed by its name (`PLAUSIBLE`).
"""

import types
import typing
from typing import Any

import msgspec

from barograph.model.secret import Secret
from barograph.model.units import Duration, Size

PLAUSIBLE: dict[str, Any] = {
    "name": "canary-receiver",
    "host": "mail.example",
    "smarthost": "mail.example:25",
    "url": "https://hooks.example/",
    "to": "ops@example.org",
    "from": "barograph@example.org",
    "sender": "barograph@example.org",
    "user": "barograph",
    "username": "barograph",
    "topic": "ops",
    "channel": "#ops",
    "receiver": "canary-receiver",
}
"""What a required field gets, by its name."""
COMPANIONS = {
    "smarthost": "mail.example:25",
    "from": "barograph@example.org",
    "auth_username": "ops",
    "username": "ops",
}
"""What a field gets that may be left out in general and not beside a secret."""


class Planted:
    """Values for a configuration, and the canary of each secret in them by its dotted path."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self.canaries: dict[str, str] = {}
        self.values: dict[str, Any] = self._struct(kind, "")

    def _struct(self, kind: type[msgspec.Struct], path: str) -> dict[str, Any]:
        hints = typing.get_type_hints(kind)
        found: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):
            inner = f"{path}.{field.encode_name}".lstrip(".")
            if holds_secret(hints[field.name]):
                found[field.encode_name] = self._value(hints[field.name], inner)
            elif field.required:
                found[field.encode_name] = plausible(field.encode_name, hints[field.name])
            elif field.encode_name in COMPANIONS:
                found[field.encode_name] = COMPANIONS[field.encode_name]
        return found

    def _value(self, kind: Any, path: str) -> Any:
        if kind is Secret:
            self.canaries[path] = f"canary-{len(self.canaries):03d}-{path.replace('.', '-').replace('[0]', '')}-7f3a"
            return ("https://hooks.example/" if "url" in path.rpartition(".")[2] else "") + self.canaries[path]
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return self._value(next(each for each in arguments if holds_secret(each)), path)
        if origin in (tuple, list):
            return [self._value(arguments[0], f"{path}[0]")]
        if origin is dict:
            return {"canary": self._value(arguments[1], f"{path}.canary")}
        if origin is typing.Annotated:
            return self._value(arguments[0], path)
        return self._struct(kind, path)


def holds_secret(kind: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Tell whether a type is a secret, or holds one somewhere."""
    if kind is Secret:
        return True
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind in seen:
            return False
        return any(holds_secret(each, seen | {kind}) for each in typing.get_type_hints(kind).values())
    return any(holds_secret(each, seen) for each in typing.get_args(kind) if each is not kind)


def plausible(name: str, kind: Any) -> Any:
    """Return a value for a required field.

    Raises:
        AssertionError: None is known: add the name to `PLAUSIBLE`, so that what stands beside it is planted.
    """
    if name in PLAUSIBLE:
        return [PLAUSIBLE[name]] if typing.get_origin(kind) in (tuple, list) else PLAUSIBLE[name]
    for types_, value in (((Duration,), "1m"), ((Size,), "1MiB"), ((bool,), True), ((int, float), 1), ((str,), "x")):
        if kind in types_:
            return value
    raise AssertionError(f"no value for a field {name!r} of type {kind}: add it to PLAUSIBLE")
