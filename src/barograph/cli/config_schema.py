"""`barograph config schema`."""

import json

import typer

from barograph.app.config_schema import json_schema

_EPILOG = """\b
Examples:
  barograph config schema > barograph.schema.json
  barograph config schema | python -m json.tool"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(epilog=_EPILOG, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("schema", epilog=_EPILOG)(schema)
    app.add_typer(group, name="config")


def _root() -> None:
    """Describe the configuration file."""


def schema() -> None:
    """Print the JSON Schema of the configuration file; editors complete and check with it."""
    print(json.dumps(json_schema(), indent=2))
