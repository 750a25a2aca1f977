"""What the server says of its own configuration: as YAML, and setting by setting. No secret ever gets into it."""

from typing import Any

import msgspec
import yaml

from barograph.app.config import Config
from barograph.app.config_convert import encode_setting
from barograph.model.secret import Secret

_HIDDEN = "<secret>"


def shown_config(config: Config) -> str:
    """Return the effective configuration as YAML, defaults included, secrets hidden."""
    text: str = yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True)
    return text


def shown_settings(config: Config) -> dict[str, str]:
    """Return every setting by its dotted name, as text, secrets hidden."""
    return dict(_flat(_plain(config), ""))


def _plain(config: Config) -> Any:  # noqa: ANN401  what YAML may hold
    return msgspec.to_builtins(config, enc_hook=_shown, builtin_types=())


def _shown(value: Any) -> Any:  # noqa: ANN401  msgspec's hook
    return _HIDDEN if isinstance(value, Secret) else encode_setting(value)


def _flat(value: Any, path: str) -> list[tuple[str, str]]:  # noqa: ANN401  what YAML may hold
    if isinstance(value, dict) and value:
        return [pair for key, each in value.items() for pair in _flat(each, f"{path}.{key}" if path else str(key))]
    if isinstance(value, list | tuple):
        return [(path, ",".join(str(each) for each in value))]
    if isinstance(value, bool):
        return [(path, str(value).lower())]
    return [(path, "" if value in (None, {}) else str(value))]
