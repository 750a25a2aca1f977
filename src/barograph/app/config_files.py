"""Secrets that stand in files of their own: for every setting that is a secret, `NAME_file` names a file that holds it.

Called by `app/config.py` before the settings are converted, so that no room needs to know of it.
"""

from pathlib import Path
from typing import Any, get_args

import msgspec

from barograph.app.config_convert import Source, keys_of
from barograph.app.yaml_source import KeyPath
from barograph.model.secret import Secret

_SUFFIX = "_file"
_MOST_BYTES = 64 * 1024


def read_secret_files(values: Any, kind: Any, source: Source, path: KeyPath = ()) -> Any:  # noqa: ANN401  YAML, a type
    """Return the values with each `NAME_file` of a secret in place of its content.

    Raises:
        ConfigError: A file cannot be read, or a secret is given twice.
    """
    section = _section(kind)
    if section is None:
        return values
    if isinstance(values, list | tuple):
        return [read_secret_files(item, section, source, (*path, i)) for i, item in enumerate(values)]
    if not isinstance(values, dict):
        return values
    kinds = keys_of(section)
    found = {}
    for key, value in values.items():
        name = str(key).removesuffix(_SUFFIX)
        here = (*path, key)
        if key in kinds or name == key or not _is_secret(kinds.get(name)):
            found[key] = read_secret_files(value, kinds.get(key), source, here)
        elif values.get(name) is not None:
            raise source.error(f"{name} is given too: one of the two is expected", here)
        else:
            found[name] = _read(value, here, source)
    return found


def _read(name: Any, path: KeyPath, source: Source) -> str:  # noqa: ANN401  what YAML may hold
    if not isinstance(name, str):
        raise source.error("the name of a file is expected", path)
    try:
        with Path(name).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode().removesuffix("\n")
    except OSError as error:
        raise source.error(f"{name} cannot be read: {error.strerror}", path) from error
    except UnicodeDecodeError:
        raise source.error(f"{name} is not UTF-8", path) from None  # the error would quote what it holds
    if len(content) > _MOST_BYTES or not text:
        raise source.error(f"{name} holds no secret: a text of at most {_MOST_BYTES} bytes is expected", path)
    return text


def _is_secret(kind: Any) -> bool:  # noqa: ANN401  a type
    return kind is Secret or Secret in get_args(kind)


def _section(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401  a type
    return next((o for o in (kind, *get_args(kind)) if isinstance(o, type) and issubclass(o, msgspec.Struct)), None)
