"""Which devices, mounts and fields a collector keeps: node_exporter's include and exclude patterns."""

from typing import Any

from barograph.model.errors import ConfigError, QueryError
from barograph.model.matcher import compile_regex


class NameFilter:
    """Keeps names by pattern, as node_exporter does: a pattern may match anywhere in the name.

    Args:
        path: Where the patterns stand in the configuration (`collectors.netdev.device`), for messages.
        include: Keep only what matches; empty: no such condition.
        exclude: Drop what matches; empty: no such condition. The default one gives way to an include.
        default_exclude: What `exclude` is where the user did not set it.

    Raises:
        ConfigError: A pattern is no RE2 expression, or both are set.
    """

    def __init__(self, path: str, include: str, exclude: str, default_exclude: str = "") -> None:
        if include and exclude == default_exclude:
            exclude = ""
        if include and exclude:
            raise ConfigError("include and exclude cannot both be set: keep one", path=f"{path}_include")
        self._include = compile_pattern(f"{path}_include", include) if include else None
        self._exclude = compile_pattern(f"{path}_exclude", exclude) if exclude else None

    def keeps(self, name: str) -> bool:
        """Tell whether what has this name is collected."""
        if self._include is not None and self._include.search(name) is None:
            return False
        return self._exclude is None or self._exclude.search(name) is None


def compile_pattern(path: str, pattern: str) -> Any:  # noqa: ANN401  re2 ships no types
    """Compile a pattern of the configuration.

    Raises:
        ConfigError: It is no RE2 expression; names the key.
    """
    try:
        return compile_regex(pattern)
    except QueryError as error:
        raise ConfigError(error.message, path=path) from error
