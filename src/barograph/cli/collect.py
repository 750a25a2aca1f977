"""`barograph collect`: one sample of some collectors, as Prometheus text."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.failure import CommandError
from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.flags import apply_flags
from barograph.collectors.procfs import Paths
from barograph.collectors.registry import COLLECTORS
from barograph.formats.exposition import format_exposition
from barograph.model.batch import Batch
from barograph.model.clock import SystemClock
from barograph.model.errors import CollectError, NoDataError
from barograph.model.schedule import ScheduledCollector

_EPILOG = """Examples:

  barograph collect cpu loadavg

  barograph collect --no-collector.vmstat --collector.netdev.device-include='^eth'"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    settings = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(epilog=_EPILOG, context_settings=settings)(collect)


def collect(
    context: typer.Context,
    procfs: Annotated[Path, typer.Option("--path.procfs", help="Where the proc file system is mounted.")] = Path(
        "/proc"
    ),
    sysfs: Annotated[Path, typer.Option("--path.sysfs", help="Where the sys file system is mounted.")] = Path("/sys"),
    rootfs: Annotated[Path, typer.Option("--path.rootfs", help="Root of the host's file systems.")] = Path("/"),
    udev_data: Annotated[Path, typer.Option("--path.udev.data", help="udev's database.")] = Path("/run/udev/data"),
    every: Annotated[bool, typer.Option("--all", help="Every collector, those off by default too.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each collector reads, and why one gives nothing.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the collectors there are.")] = False,
) -> None:
    """Print one sample of the named collectors (of all that are on, where none is named) as Prometheus text.

    node_exporter's flags --collector.NAME, --no-collector.NAME and --collector.NAME.OPTION=VALUE mean the same here.
    """
    if listed:
        _print_list()
        return
    names = [argument for argument in context.args if not argument.startswith("-")]
    config = apply_flags(CollectorsConfig(), [argument for argument in context.args if argument.startswith("-")])
    chosen = names or (list(COLLECTORS) if every else None)
    paths = Paths(procfs=procfs, sysfs=sysfs, rootfs=rootfs, udev_data=udev_data)
    clock = SystemClock()
    now_ms = clock.now_ms()
    failed = 0
    batches: list[Batch] = []
    for scheduled in build_collectors(config, paths, clock, chosen):
        failed += not _sample(scheduled, now_ms, batches, explain)
    sys.stdout.write(format_exposition([(batch.schema, batch.values, None) for batch in batches]).decode())
    if failed:
        raise CommandError(f"{failed} collector{'s' if failed > 1 else ''} failed")


def _sample(scheduled: ScheduledCollector, now_ms: int, batches: list[Batch], explain: bool) -> bool:
    """Take one sample; False where it failed. Having nothing to say is no failure."""
    name = scheduled.collector.name
    try:
        batch = scheduled.collector.collect(now_ms)
    except NoDataError as error:
        _say(f"{name}: nothing here: {error}", explain)
        return True
    except (CollectError, OSError) as error:
        _say(f"{name}: failed: {error}", True)
        return False
    batches.append(batch)
    _say(f"{name}: {len(batch.schema)} series from {', '.join(COLLECTORS[name].files)}", explain)
    return True


def _say(text: str, wanted: bool) -> None:
    if wanted:
        print(text, file=sys.stderr)


def _print_list() -> None:
    width = max(len(name) for name in COLLECTORS)
    for name, entry in COLLECTORS.items():
        print(f"{name:{width}}  {'on ' if entry.default else 'off'}  {entry.summary}")
