"""`barograph audit ...`: who did what, from the running server; whether the log is whole, from the folder."""

import os
from typing import Annotated

import typer

from barograph.cli.administer import Administration, Data, Format, Url
from barograph.cli.failure import CommandError
from barograph.cli.folder import default_data_folder
from barograph.cli.listing import print_rows
from barograph.identity.audit import verify_chain
from barograph.model.people import AuditEntry
from barograph.state.audit import read_audit

_EPILOG = """\b
Examples:
  barograph audit list
  barograph audit verify --data ./data"""
_LIST = """\b
Examples:
  barograph audit list
  barograph audit list --limit 1000 --format json"""
_VERIFY = """\b
Examples:
  barograph audit verify
  barograph audit verify --data ./data --expect 41:8c2f..."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("list", epilog=_LIST)(audit_list)
    group.command("verify", epilog=_VERIFY)(audit_verify)
    app.add_typer(group, name="audit")


def _root() -> None:
    """Read and verify who did what."""


def audit_list(
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="At most so many lines.")] = 100,
    output_format: Format = "table",
    url: Url = None,
    data: Data = None,
) -> None:
    """List who did what, the newest first."""
    rows = Administration(url, data).ask("GET", "/audit", {"limit": str(limit)})
    print_rows(rows, ("number", "at", "actor", "via", "source", "target", "outcome"), output_format)


def audit_verify(
    expect: Annotated[
        str, typer.Option("--expect", metavar="N:HASH", help="What an earlier run printed: line N must still have it.")
    ] = "",
    data: Data = None,
) -> None:
    """Check that no line of the audit log was changed, removed or put in.

    A log that was cut at its end is whole as far as it goes: keep what this prints elsewhere, and give it to --expect.
    """
    folder = data or default_data_folder(os.environ, os.geteuid())
    number, _, digest = expect.partition(":")
    if expect and not (number.isdigit() and len(digest) == 64):
        raise CommandError(f"--expect {expect}: N:HASH is expected, as this command prints it", 2)
    entries = list(read_audit(folder))
    count, last = verify_chain(entries)
    if expect and _hash_at(entries, int(number)) != digest:
        raise CommandError(f"line {number} is not the one that was noted: the log was cut or written anew")
    print(f"{count}:{last}")


def _hash_at(entries: list[AuditEntry], number: int) -> str:
    return entries[number - 1].hash if 0 < number <= len(entries) else ""
