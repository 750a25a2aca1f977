"""What a query did, as a tree of words: `barograph query --explain`."""

import sys
from typing import TextIO

import msgspec

from barograph.cli.terminal import visible
from barograph.model.units import Duration
from barograph.promql.explain import ExplainedNode, ExplainedRead


def print_explained(root: ExplainedNode, output_format: str) -> None:
    """Print the parts of an expression, those that were evaluated for another below it; or all of it as JSON."""
    if output_format == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(root)).decode() + "\n")
        return
    print(f"{root.steps:,} {'step' if root.steps == 1 else 'steps'}, {_time(root.duration_s)}")
    for child in root.children:
        _print_node(child, 0, sys.stdout)


def _print_node(node: ExplainedNode, depth: int, out: TextIO) -> None:
    inner_s = sum(child.duration_s for child in node.children) + sum(read.duration_s for read in node.reads)
    own_s = max(0.0, node.duration_s - inner_s)
    what = f"{node.series:,} series, {node.points:,} points, {_time(node.duration_s)} (itself {_time(own_s)})"
    indent = "  " * depth
    print(f"{indent}{visible(node.text)}", file=out)
    print(f"{indent}  = {what}", file=out)
    for read in node.reads:
        print(f"{indent}  < {_read(read)}", file=out)
    for child in node.children:
        _print_node(child, depth + 1, out)


def _read(read: ExplainedRead) -> str:
    tier = f"buckets of {Duration(read.tier_ms)}" if read.tier_ms else "samples"
    found = f"{read.series:,} series, {read.samples:,} {tier} in {_time(read.duration_s)}"
    parts = [f"read {visible(read.selector)}: {found}"]
    if read.head_samples:
        parts.append(f"{read.head_samples:,} from memory")
    if read.kept_samples:
        parts.append(f"{read.kept_samples:,} still decoded from before")
    if read.chunks_cached or read.chunks_decoded:
        parts.append(f"{read.chunks_decoded:,} chunks decoded, {read.chunks_cached:,} from the cache")
    return "; ".join(parts)


def _time(duration_s: float) -> str:
    return f"{duration_s * 1e3:.2f} ms"
