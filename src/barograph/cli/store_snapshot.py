"""`barograph store snapshot` and `restore`: a verified copy of a data folder, taken while its server runs, and back."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.store_tools import folder_of, progress_bar, size_text
from barograph.model.clock import SystemClock
from barograph.tsdb.snapshot import restore_snapshot, take_snapshot

SNAPSHOT_EPILOG = """\b
Examples:
  barograph store snapshot /backup/barograph-monday
  barograph store snapshot --data ./data /tmp/copy"""
RESTORE_EPILOG = """\b
Examples:
  barograph store restore /backup/barograph-monday --data ./restored
  barograph store restore /tmp/copy --data /var/lib/barograph"""


def store_snapshot(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="The folder to be; new, or empty.")],
    data: Annotated[Path | None, typer.Option(metavar="DIR", readable=False, help="The data folder.")] = None,
) -> None:
    """Copy a data folder as it is at one moment, and verify the copy. The server may run: no tick waits for it.

    Everything that was acknowledged before is in it. Tokens and addresses are not.
    """
    made = (version("barograph"), SystemClock().now_ms())
    with progress_bar() as told:
        manifest = take_snapshot(folder_of(data), target, made, told)
    size = sum(file.size_bytes for file in manifest.files)
    print(f"{target}: {len(manifest.files)} files, {size_text(size)}, verified")


def store_restore(
    snapshot: Annotated[Path, typer.Argument(metavar="SNAPSHOT", help="A snapshot's folder.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder to be; new, or empty.")],
) -> None:
    """Make a data folder of a snapshot, after every byte of it was checked. Nothing half done is left behind."""
    with progress_bar() as told:
        manifest = restore_snapshot(snapshot, data, told)
    size = sum(file.size_bytes for file in manifest.files)
    print(f"{data}: {len(manifest.files)} files, {size_text(size)}, verified; `barograph serve --data {data}` goes on")
