"""`barograph notify ...`: who is told, and whether it works. Each asks the running server."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from barograph.cli.administer import Administration, Data, Format, Url
from barograph.cli.failure import CommandError
from barograph.cli.listing import print_rows

_EPILOG = """\b
Examples:
  barograph notify list
  barograph notify test team"""
_LIST = """\b
Examples:
  barograph notify list
  barograph notify list --format json"""
_TEST = """\b
Examples:
  barograph notify test team
  barograph notify test team --format json"""
_LOG = """\b
Examples:
  barograph notify log
  barograph notify log --alert 12 --format json"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("list", epilog=_LIST)(notify_list)
    group.command("test", epilog=_TEST)(notify_test)
    group.command("log", epilog=_LOG)(notify_log)
    app.add_typer(group, name="notify")


def _root() -> None:
    """See who is told, and try it."""


def notify_list(output_format: Format = "table", url: Url = None, data: Data = None) -> None:
    """List receivers: how each is told, how many messages wait, what the last attempt came to."""
    answer = Administration(url, data).ask("GET", "/receivers")
    print_rows(answer["receivers"], ("name", "kinds", "is_routed", "waiting", "at", "answer"), output_format)
    if not answer["receivers"]:
        print("barograph: nobody is told: no receiver is configured", file=sys.stderr)
    if not answer["heartbeat"]:
        print("barograph: there is no dead-man's switch: set notify.heartbeat.url", file=sys.stderr)


def notify_test(
    receiver: Annotated[str, typer.Argument(metavar="RECEIVER", help="The receiver's name.")],
    output_format: Format = "table",
    url: Url = None,
    data: Data = None,
) -> None:
    """Send a test message to a receiver, each way that it has."""
    answer = Administration(url, data).ask("POST", f"/receivers/{quote(receiver, safe='')}/test", {})
    print_rows(answer["outcomes"], ("kind", "delivered", "answer"), output_format)
    failed = [each["kind"] for each in answer["outcomes"] if not each["delivered"]]
    if failed:
        raise CommandError(f"not delivered by {', '.join(failed)}")


def notify_log(
    number: Annotated[int, typer.Option("--alert", metavar="ID", min=0, help="Of one alert. Default: of all.")] = 0,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="At most so many.")] = 100,
    output_format: Format = "table",
    url: Url = None,
    data: Data = None,
) -> None:
    """List attempts to tell somebody, the newest first."""
    form = {"alert": str(number), "limit": str(limit)}
    rows = Administration(url, data).ask("GET", "/deliveries", form)["deliveries"]
    print_rows(rows, ("at", "receiver", "kind", "title", "state", "attempts", "answer"), output_format)
