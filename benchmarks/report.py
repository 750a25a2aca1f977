"""Prints benchmark rows beside their references and keeps them as JSON. Used by every benchmarks/bench_*.py."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `reference` names what `ratio` compares it with, measured in the same run."""

    name: str
    figure: float
    unit: str
    reference: str = ""
    ratio: float | None = None


def report(bench: str, rows: Sequence[Row], folder: Path = _RESULTS) -> None:
    """Print the rows, a line each, and write them to `<folder>/<bench>.json`."""
    for row in rows:
        beside = "" if row.ratio is None else f" ({row.ratio:.2f} x {row.reference})"
        print(f"{row.name}: {row.figure:.4g} {row.unit}{beside}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{bench}.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def percentile(values: Sequence[float], fraction: float) -> float:
    """Return the value below which `fraction` of the values lie; of few values the next higher one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]
