"""Settings from environment variables: `BAROGRAPH_WEB__LISTEN` is `web.listen`, its value YAML.

Called by `app/config.py`; the environment is passed in.
"""

import re
from collections.abc import Mapping

from barograph.app.yaml_source import Document, KeyPath, parse_yaml

PREFIX = "BAROGRAPH_"
NOT_SETTINGS = frozenset(("BAROGRAPH_URL", "BAROGRAPH_TOKEN", "BAROGRAPH_SERVE_OPTIONS", "BAROGRAPH_FAIL_ON_SKIP"))
"""Environment variables with our prefix that are no settings."""

# Kubernetes sets these in every pod beside a service that is called barograph, and Docker for its links
_OF_A_SERVICE = re.compile(r"BAROGRAPH_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?|NAME)")


def environment_overrides(environment: Mapping[str, str]) -> dict[KeyPath, Document]:
    """Return the settings that variables give: path -> the value, under the variable's name; outer sections first.

    Raises:
        ConfigError: A value is no YAML; names the variable.
    """
    found: dict[KeyPath, Document] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or _OF_A_SERVICE.fullmatch(name):
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        found[path] = parse_yaml(text, name)
    return dict(sorted(found.items(), key=lambda item: len(item[0])))
