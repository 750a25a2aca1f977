"""The doctor's findings for people, in three parts, or as JSON for programs."""

import sys
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from barograph.app.finding import Finding, Level
from barograph.cli.terminal import to_json, visible

_WIDTH = 100
_UNFOLDED = 10_000
_OPEN = ("open to", "proxies", "certificate", "users", "tokens", "sessions")
"""Topics that are about who may come in."""
_MARKS = {
    Level.PROBLEM: ("✗", "bold red"),
    Level.ADVICE: ("!", "yellow"),
    Level.GOOD: ("✓", "green"),
    Level.FACT: ("·", "dim"),
}
_PLAIN = {Level.PROBLEM: "x", Level.ADVICE: "!", Level.GOOD: "+", Level.FACT: "-"}
"""Where the output's encoding has no such marks."""


def print_findings(findings: Sequence[Finding], title: str, output_format: str) -> None:
    """Print findings, the broken first, in the parts of the question: works, missing, open to whom."""
    if output_format == "json":
        rows = [{**msgspec.to_builtins(finding), "level": finding.level.word} for finding in findings]
        print(to_json({"findings": rows}))
        return
    console = Console(file=sys.stdout, highlight=False)
    console.width = min(console.width, _WIDTH) if console.is_terminal else _UNFOLDED
    with console.capture() as captured:
        _print_parts(console, findings, title)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _print_parts(console: Console, findings: Sequence[Finding], title: str) -> None:
    console.print(Text.assemble(("Barograph", "bold"), f" on {visible(title)}"))
    inside = [finding for finding in findings if finding.topic not in _OPEN]
    _part(console, "Broken", [finding for finding in findings if finding.level == Level.PROBLEM])
    _part(console, "Missing", [finding for finding in inside if finding.level == Level.ADVICE])
    _part(console, "Works", [finding for finding in inside if finding.level < Level.ADVICE])
    open_ = [finding for finding in findings if finding.topic in _OPEN and finding.level < Level.PROBLEM]
    _part(console, "Open to whom", open_)


def _part(console: Console, name: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    can_mark = "utf" in (console.encoding or "").lower()
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    before = ""
    for finding in findings:
        mark, style = _MARKS[finding.level]
        words = Text(visible(finding.words))
        if finding.remedy:
            words.append(f"\n{'→' if can_mark else '->'} {visible(finding.remedy)}", "cyan")
        topic = "" if finding.topic == before else finding.topic
        table.add_row(Text(mark if can_mark else _PLAIN[finding.level], style), Text(topic, "bold"), words)
        before = finding.topic
    console.print()
    console.print(Text(name, "bold underline"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
