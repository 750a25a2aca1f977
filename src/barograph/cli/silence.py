"""`barograph silence ...`: what nobody wants to be told, and until when. Each asks the running server."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from barograph.cli.administer import Administration, Data, Format, Url
from barograph.cli.alerts import when
from barograph.cli.listing import print_rows

_EPILOG = """\b
Examples:
  barograph silence add 'instance="web-1"' --for 2h --reason 'new disk'
  barograph silence list"""
_ADD = """\b
Examples:
  barograph silence add 'instance="web-1"' --for 2h --reason 'new disk'
  barograph silence add 'alertname="DiskFull"' --until-resolved --reason 'known' --dry-run"""
_LIST = """\b
Examples:
  barograph silence list
  barograph silence list --ended --format json"""
_EXPIRE = """\b
Examples:
  barograph silence expire 5f0c9a3b7d21e884
  barograph silence expire 5f0c9a3b7d21e884 --data ./data"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("add", epilog=_ADD)(silence_add)
    group.command("list", epilog=_LIST)(silence_list)
    group.command("expire", epilog=_EXPIRE)(silence_expire)
    app.add_typer(group, name="silence")


def _root() -> None:
    """Keep alerts quiet for a time."""


def silence_add(
    matchers: Annotated[list[str], typer.Argument(metavar="MATCHER...", help="Such as 'instance=\"web-1\"'.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    ends: Annotated[str, typer.Option("--for", metavar="TIME", help="Until when: a duration, or a time.")] = "",
    starts: Annotated[str, typer.Option("--start", metavar="TIME", help="From when on. Default: now.")] = "",
    until_resolved: Annotated[
        bool, typer.Option("--until-resolved", help="Until nothing that it matches fires any more.")
    ] = False,
    windows: Annotated[
        str, typer.Option("--windows", metavar="JSON", help="Recurring times, with the keys of a time interval.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which live alerts it would keep quiet.")] = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Add a silence and print its id. It hides messages only: alerts go on, and are shown as silenced."""
    server = Administration(url, data)
    found = server.ask("GET", "/silences/preview", {"matcher": matchers})
    print(f"it matches {found['count']} alerts now", file=sys.stderr)
    if dry_run:
        print_rows(found["alerts"], ("id", "severity", "title", "host"), "table")
        return
    form = {"matcher": matchers, "reason": reason, "ends": when(ends), "windows": windows}
    form |= {"starts": when(starts)} if starts else {}
    form |= {"until_resolved": "true"} if until_resolved else {}
    print(server.ask("POST", "/silences/add", form)["id"])


def silence_list(
    ended: Annotated[bool, typer.Option("--ended", help="Those too that have ended.")] = False,
    output_format: Format = "table",
    url: Url = None,
    data: Data = None,
) -> None:
    """List silences, the newest first."""
    form = {"limit": "500"} | ({"ended": "1"} if ended else {})
    rows = Administration(url, data).ask("GET", "/silences", form)["silences"]
    if output_format == "table":
        rows = [{**row, "ends": "when it is fixed" if row["until_resolved"] else row["ends"]} for row in rows]
    print_rows(rows, ("id", "state", "matchers", "alerts", "author", "reason", "starts", "ends"), output_format)


def silence_expire(
    silence: Annotated[str, typer.Argument(metavar="ID", help="A silence's id, as `silence list` shows it.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """End a silence now."""
    Administration(url, data).ask("DELETE", f"/silences/{quote(silence, safe='')}")
