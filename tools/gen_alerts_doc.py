"""Writes docs/alerts/ from the table of stock alerts. `make docs` runs it; tests/contract checks it."""

import sys
from pathlib import Path

from barograph.model.units import Duration
from barograph.promql.numbers import plain
from barograph.rules.ruletext import write_groups
from barograph.rules.stock.table import stock_thresholds
from barograph.rules.thresholds import SEVERITIES, Threshold, compile_threshold

_FOLDER = Path(__file__).resolve().parent.parent / "docs/alerts"

_INDEX = """# Stock alerts

These run from the first start. Each is written in the form of the section `thresholds` ([thresholds.md](../thresholds.md)), in which you change or switch off
any of them; `barograph rules show NAME` prints the rules that it comes to. None of them fires on a host that is well and idle. These pages are written by
`tools/gen_alerts_doc.py` from the table itself; do not edit them.

| alert | severity | fires | is over | for |
|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """Return the pages' texts by their files' names."""
    known = stock_thresholds()
    rows = [row for threshold in known.values() for row in _rows(threshold, link=True)]
    return {"README.md": _INDEX + "\n".join(rows) + "\n"} | {
        f"{name}.md": _page(threshold) for name, threshold in known.items()
    }


def _page(threshold: Threshold) -> str:
    texts = threshold.annotations
    heading = {
        "**What it means.** ": "## What it means\n\n",
        "**What to look at.** ": "## What to look at\n\n",
        "**How to quiet it.** ": "## How to quiet it\n\n",
    }
    runbook = texts["runbook"]
    for words, title in heading.items():
        runbook = runbook.replace(words, title)
    lines = [
        f"# {threshold.name}\n",
        "| severity | fires | is over | for |\n|---|---|---|---|",
        *_rows(threshold, link=False),
        f"\n{runbook}\n",
        _change(threshold),
        "## The rules it comes to\n",
        f"```yaml\n{_without_texts(threshold)}```\n",
    ]
    return "\n".join(lines)


def _rows(threshold: Threshold, *, link: bool) -> list[str]:
    rows = []
    for severity in SEVERITIES:
        limit = threshold.limits.get(severity)
        if limit is None:
            continue
        side, other = ("above", "at or below") if limit.is_above else ("below", "at or above")
        for_ms = threshold.for_ms if limit.for_ms is None else limit.for_ms
        name = f"| [{threshold.name}]({threshold.name}.md) " if link else ""
        over = f"{other} {plain(limit.clear)}"
        rows.append(f"{name}| {severity} | {side} {plain(limit.fire)} | {over} | {Duration(for_ms)} |")
    return rows


def _change(threshold: Threshold) -> str:
    severity = next(name for name in SEVERITIES if name in threshold.limits)
    limit = threshold.limits[severity]
    return f"""```yaml
thresholds:
  {threshold.name}:
    {severity}: {plain(limit.fire)}  # another limit
  # or, to switch it off:
  # {threshold.name}: false
```
"""


def _without_texts(threshold: Threshold) -> str:
    group = compile_threshold(threshold)
    bare = [f"        {line}" for line in ("annotations: # summary, description, runbook",)]
    text = write_groups([group])
    kept, skipping = [], False
    for line in text.split("\n"):
        if line == "        annotations:":
            kept += bare
            skipping = True
        elif not line.startswith("          ") and line:
            skipping = False
        if not skipping:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


if __name__ == "__main__":
    _FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (_FOLDER / name).write_text(text)
    sys.stdout.write(f"{_FOLDER} written\n")
