"""What the commands of `barograph store` share: the folder they mean, and a bar for what takes long."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from barograph.cli.folder import default_data_folder


def folder_of(data: Path | None) -> Path:
    """Return the folder that `--data` names, or the default one."""
    return data or default_data_folder(os.environ, os.geteuid())


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on a terminal's standard error; gives the function to tell it what is under way, and how far."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=None)

        def told(name: str, done: int, total: int) -> None:
            progress.update(task, description=name, completed=done, total=total or None)

        yield told


def size_text(size_bytes: float) -> str:
    """Return a size as people read it: `1.5 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000 or unit == "GB":
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    raise AssertionError("the largest unit takes all")
