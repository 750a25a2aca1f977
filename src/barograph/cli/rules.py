"""`barograph rules show`."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from barograph.app.config import load_config
from barograph.app.threshold_rules import threshold_groups
from barograph.cli.failure import CommandError, require_format
from barograph.cli.terminal import to_json, visible
from barograph.rules.rulefile import Rule, RuleGroup
from barograph.rules.ruletext import write_groups

_EPILOG = """\b
Examples:
  barograph rules show DiskSpaceLow
  barograph rules show --config barograph.yml > rules.yml"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(epilog=_EPILOG, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("show", epilog=_EPILOG)(show)
    app.add_typer(group, name="rules")


def _root() -> None:
    """Show the rules that thresholds come to."""


def show(
    alerts: Annotated[list[str] | None, typer.Argument(metavar="ALERT", help="Only these; without: all.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", readable=False, help="A configuration file.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="yaml or json.")] = "yaml",
) -> None:
    """Print the stock alerts and those of the section `thresholds` as ordinary Prometheus rules.

    The output is a rule file: Prometheus reads it, and `check rules` and `test rules` do. Without --config it is what
    runs from the first start. Switched-off alerts are left out.
    """
    require_format(output_format, ("yaml", "json"))
    chosen = _chosen(threshold_groups(load_config(config, os.environ)), alerts or [])
    if output_format == "json":
        print(to_json({"groups": [_plain(group) for group in chosen]}))
    else:
        print(visible(write_groups(chosen), "\n"), end="")


def _chosen(groups: Sequence[RuleGroup], names: Sequence[str]) -> list[RuleGroup]:
    known = {group.name: group for group in groups}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, cutoff=0.4)
            raise CommandError(f"no alert is called {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return [known[name] for name in names] if names else list(groups)


def _plain(group: RuleGroup) -> dict[str, object]:
    return {"name": group.name, "interval_ms": group.interval_ms, "rules": [_plain_rule(rule) for rule in group.rules]}


def _plain_rule(rule: Rule) -> dict[str, object]:
    return {
        "alert" if rule.is_alert else "record": rule.name,
        "expr": rule.expr,
        "for_ms": rule.for_ms,
        "keep_firing_ms": rule.keep_firing_ms,
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }
