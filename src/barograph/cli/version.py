"""`barograph version`."""

import json
import platform
from importlib.metadata import version as version_of
from typing import Annotated

import apsw
import typer

from barograph.cli.failure import require_format

_EPILOG = """\b
Examples:
  barograph version
  barograph version --format json"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(version)


def version(
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Print the version of Barograph and of what it stands on."""
    require_format(output_format, ("text", "json"))
    facts = {
        "barograph": version_of("barograph"),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "numpy": version_of("numpy"),
        "platform": platform.platform(),
    }
    if output_format == "json":
        print(json.dumps(facts))
    else:
        print("\n".join(f"{name} {fact}" for name, fact in facts.items()))
