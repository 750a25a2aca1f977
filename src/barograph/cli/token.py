"""`barograph token ...`: tokens for programs. Each asks the running server, which notes it in its audit log."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from barograph.cli.administer import Administration, Data, Format, Url
from barograph.cli.listing import print_rows

_EPILOG = """\b
Examples:
  barograph token create grafana --scope read
  barograph token revoke 5f0c9a3b7d21e884"""
_CREATE = """\b
Examples:
  barograph token create grafana
  barograph token create importer --scope write --expires 1y"""
_LIST = """\b
Examples:
  barograph token list
  barograph token list --format json"""
_REVOKE = """\b
Examples:
  barograph token revoke 5f0c9a3b7d21e884
  barograph token revoke 5f0c9a3b7d21e884 --data ./data"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("create", epilog=_CREATE)(token_create)
    group.command("list", epilog=_LIST)(token_list)
    group.command("revoke", epilog=_REVOKE)(token_revoke)
    app.add_typer(group, name="token")


def _root() -> None:
    """Make and revoke tokens for programs."""


def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="read, write, acknowledge or admin; repeats. Default: read."),
    ] = None,
    expires: Annotated[str, typer.Option("--expires", metavar="DURATION", help="How long it lasts, or never.")] = "90d",
    per_minute: Annotated[int, typer.Option("--per-minute", metavar="N", help="Requests a minute.")] = 6000,
    url: Url = None,
    data: Data = None,
) -> None:
    """Make a token and print it, this once.

    Programs send it as Bearer, or as the password of Basic with any user name.
    """
    form = {"name": name, "scope": scope or ["read"], "expires": expires, "per_minute": str(per_minute)}
    made = Administration(url, data).ask("POST", "/tokens", form)
    print(f"token {made['id']}, shown only now:", file=sys.stderr)
    print(made["token"])


def token_list(output_format: Format = "table", url: Url = None, data: Data = None) -> None:
    """List tokens by their beginnings, with when they were last used."""
    rows = Administration(url, data).ask("GET", "/tokens")
    print_rows(rows, ("id", "prefix", "name", "user", "scopes", "expires", "last_used"), output_format)


def token_revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="A token's id, as `token list` shows it.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """End a token, at once."""
    Administration(url, data).ask("DELETE", f"/tokens/{quote(token, safe='')}")
