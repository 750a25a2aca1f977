"""`barograph collect`: one sample of some collectors, as Prometheus text."""

import os
import sys
from collections.abc import Sequence
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

_HERE = Paths()
_EPILOG = """\b
Examples:
  barograph collect cpu loadavg
  barograph collect netdev --collector.netdev.device-include=^eth"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    # node_exporter's flags are not ours to list: they come through with the names, in their order
    app.command(epilog=_EPILOG, context_settings={"ignore_unknown_options": True})(collect)


def collect(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Collectors. Default: all that are on.")
    ] = None,
    procfs: Annotated[
        Path, typer.Option("--path.procfs", metavar="DIR", help="Where the proc file system is.")
    ] = _HERE.procfs,
    sysfs: Annotated[
        Path, typer.Option("--path.sysfs", metavar="DIR", help="Where the sys file system is.")
    ] = _HERE.sysfs,
    rootfs: Annotated[
        Path, typer.Option("--path.rootfs", metavar="DIR", help="Root of the host's file systems.")
    ] = _HERE.rootfs,
    udev_data: Annotated[
        Path, typer.Option("--path.udev.data", metavar="DIR", help="udev's database.")
    ] = _HERE.udev_data,
    every: Annotated[bool, typer.Option("--all", help="Every collector, those off by default too.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each collector reads, and why one gives nothing.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the collectors there are.")] = False,
) -> None:
    """Print one sample of this machine as Prometheus text.

    node_exporter's flags --collector.NAME, --no-collector.NAME and --collector.NAME.OPTION=VALUE mean the same here.
    """
    if listed:
        _print_list()
        return
    names, flags = split_arguments(arguments or ())
    if names and every:
        raise CommandError("--all takes every collector: leave out the names, or --all", 2)
    config = apply_flags(CollectorsConfig(), flags)
    paths = Paths(procfs=procfs, sysfs=sysfs, rootfs=rootfs, udev_data=udev_data)
    clock = SystemClock()
    now_ms = clock.now_ms()
    wanted = build_collectors(config, paths, clock, names or (list(COLLECTORS) if every else None))
    batches: list[Batch] = []
    failed = [one.collector.name for one in wanted if not _sample(one, now_ms, batches, explain)]
    sys.stdout.write(format_exposition([(batch.schema, batch.values, None) for batch in batches]).decode())
    if failed:
        raise CommandError(f"failed: {', '.join(failed)}")
    if not batches:
        raise CommandError("nothing was collected" + ("" if explain else "; --explain says why"))


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell collectors' names from flags; the value of a `--flag value` goes with its flag."""
    names: list[str] = []
    flags: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if not argument.startswith("-"):
            names.append(argument)
            continue
        flags.append(argument)
        if rest and _lacks_value(argument):
            flags.append(rest.pop(0))
    return names, flags


def _lacks_value(flag: str) -> bool:
    parts = flag.removeprefix("--").split(".")
    if "=" in flag or parts[0] != "collector" or len(parts) < 3 or parts[1] not in COLLECTORS:
        return False
    option = "_".join(parts[2:]).replace("-", "_")
    return not isinstance(getattr(COLLECTORS[parts[1]].section(), option, None), bool)


def _sample(scheduled: ScheduledCollector, now_ms: int, batches: list[Batch], explain: bool) -> bool:
    """Take one sample; False where it failed. Having nothing to say is no failure."""
    name = scheduled.collector.name
    try:
        batch = scheduled.collector.collect(now_ms)
    except NoDataError as error:
        _say(f"{name} has nothing: {error}{_more(name)}", explain)
        return True
    except (CollectError, OSError) as error:
        _say(f"{name} failed: {error}", True)
        return False
    finally:
        scheduled.collector.close()
    batches.append(batch)
    _say(f"{name}: {len(batch.schema)} series{_sources(name)}{_more(name)}", explain)
    return True


def _sources(name: str) -> str:
    return f" from {', '.join(COLLECTORS[name].files)}" if name in COLLECTORS else ""


def _more(name: str) -> str:
    """Return what a privilege would add, where it is not there already."""
    privileges = COLLECTORS[name].privileges if name in COLLECTORS else ""
    return f"; more with {privileges}" if privileges and os.geteuid() else ""


def _say(text: str, wanted: bool) -> None:
    if wanted:
        print(f"barograph: {text}", file=sys.stderr)


def _print_list() -> None:
    width = max(len(name) for name in COLLECTORS)
    for name, entry in COLLECTORS.items():
        print(f"{name:{width}}  {'on ' if entry.default else 'off'}  {entry.summary}")
