"""Writes docs/collectors.md from the registry of collectors. `make docs` runs it; tests/contract checks the page."""

import json
import sys
from pathlib import Path

import msgspec

from barograph.collectors.base import CollectorSection
from barograph.collectors.config import CollectorsConfig
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.registry import COLLECTORS
from barograph.model.units import Duration

_RESULTS = Path(__file__).resolve().parent.parent / "benchmarks/results/collect.json"
_PAGE = Path(__file__).resolve().parent.parent / "docs/collectors.md"

_OPENING = """# Collectors

What Barograph reads of a host, and the metrics it makes of it: names, labels and types are those of node_exporter 1.12, and
so are the texts of many metrics (HELP; Copyright The Prometheus Authors, Apache License 2.0).
This page is written by `tools/gen_collectors_doc.py` from `src/barograph/collectors/registry.py`; do not edit it.

An option stands in the configuration under `collectors.<collector>`; `barograph collect` also takes it as
node_exporter's flag, `--collector.<collector>.<option>`. Every collector has `enabled`, `interval` (default:
`collectors.interval`, {interval}) and `budget`, the longest a sample may take (default: `collectors.budget`, {budget}).
A pattern is an RE2 expression that may match anywhere. The paths below are those of `--path.procfs`, `--path.sysfs`,
`--path.rootfs` and `--path.udev.data`. What a sample costs was measured by `benchmarks/bench_collect.py`, on a machine that lacks the
hardware of those without a figure. A `*` in a metric's name stands for the name of the field.
"""


def page() -> str:
    """Return the page's text."""
    defaults = CollectorsConfig()
    costs = _costs()
    rows = [
        f"| [{name}](#{name}) | {'on' if entry.default else 'off'} | {costs.get(name, '')} | {entry.summary} |"
        for name, entry in COLLECTORS.items()
    ]
    table = "\n".join(["| collector | by default | a sample | |", "|---|---|--:|---|", *rows])
    opening = _OPENING.format(interval=defaults.interval, budget=defaults.budget)
    return "\n".join([opening, table, "", *(_chapter(name, entry) for name, entry in COLLECTORS.items())])


def _costs() -> dict[str, str]:
    """Return what a sample of each collector cost where `make bench B=collect` ran last; those without data lack."""
    rows = json.loads(_RESULTS.read_text())
    found = {}
    for row in rows:
        words = row["name"].removesuffix(",").split()
        if words[0] == "collect" and row["name"].endswith("back to back, p50"):
            found[words[1].rstrip(",")] = f"{row['figure']:.0f} µs"
    return found


def _chapter(name: str, entry: CollectorEntry) -> str:
    files = ", ".join(f"`{file}`" if " (" not in file else _with_remark(file) for file in entry.files)
    families = [f"| `{family.name}` | {family.type.value} | {_cell(family.help)} |" for family in entry.families]
    table = ["| metric | type | |", "|---|---|---|", *families]
    return "\n".join(
        [
            f"## {name}",
            "",
            f"{entry.summary}.",
            "",
            f"Reads {files}.",
            "",
            *_privileges(entry),
            *_options(entry),
            *table,
            "",
        ]
    )


def _privileges(entry: CollectorEntry) -> list[str]:
    return [f"More with {entry.privileges}.", ""] if entry.privileges else []


def _options(entry: CollectorEntry) -> list[str]:
    fields = [
        field for field in msgspec.structs.fields(entry.section) if field.name not in CollectorSection.__struct_fields__
    ]
    if not fields:
        return []
    rows = [f"| `{field.name}` | {_default(field.default)} |" for field in fields]
    return ["| option | default |", "|---|---|", *rows, ""]


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Duration):
        return f"`{value}`"
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        return "[entries](configuration.md)"
    return f"`{_cell(str(value))}`" if value else "none"


def _with_remark(file: str) -> str:
    path, _, remark = file.partition(" (")
    return f"`{path}` ({remark}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    _PAGE.write_text(page())
    sys.stdout.write(f"{_PAGE} written\n")
