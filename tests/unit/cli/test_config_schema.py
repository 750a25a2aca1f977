"""`barograph config schema`."""

import json

from barograph.app.config_schema import json_schema
from unit.cli.commands import Commands


def test_the_schema_is_printed(barograph: Commands) -> None:
    said = barograph("config", "schema")
    assert (said.status, said.err) == (0, "")
    assert json.loads(said.out) == json_schema()
