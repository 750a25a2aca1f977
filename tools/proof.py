"""The options and the result of a proof: every tools/soak_*.py takes its count and keeps its figures here.

Results are JSON files, from which tools/gen_reliability_doc.py and tools/gen_security_doc.py make pages. Without
`--results` they go where they are committed; short runs (tests) send them elsewhere.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from barograph.model.clock import SystemClock

ROOT = Path(__file__).resolve().parents[1]
_RESULTS = ROOT / "benchmarks" / "results"
RELIABILITY = "reliability"
SECURITY = "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a proof. `must_be` is what it has to be, None where any is right."""

    name: str
    value: float
    unit: str = ""
    must_be: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is promised, and how it is proven.

    Attributes:
        row: Its number in the list of promises.
        name: The soak's name, as in `make soak S=name`.
        fault: What goes wrong.
        promise: What holds all the same.
        method: How that is shown.
    """

    row: int
    name: str
    fault: str
    promise: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a soak was asked for."""

    count: int
    seed: int
    results: Path


def read_options(description: str, count: int, page: str = RELIABILITY) -> Options:
    """Read the command line; `count` is how many of its cases a long run takes, `page` which page shows the result."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--count", type=int, default=count, help=f"how many cases (a long run: {count:,})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=_RESULTS / page, help="where the figures are kept")
    found = parser.parse_args()
    return Options(count=found.count, seed=found.seed, results=found.results)


def conclude(proof: Proof, figures: Sequence[Figure], options: Options) -> int:
    """Print the figures and keep them; returns the exit status: 1 where one is not what it must be."""
    kept = {
        **asdict(proof),
        "date": datetime.fromtimestamp(SystemClock().now_s(), UTC).date().isoformat(),
        "figures": [asdict(figure) for figure in figures],
    }
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{proof.row:02d}-{proof.name}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n")
    failed = False
    for figure in figures:
        is_wrong = figure.must_be is not None and figure.value != figure.must_be
        failed |= is_wrong
        print(f"{figure.name}: {figure.value:,.10g} {figure.unit}{' (WRONG)' if is_wrong else ''}")
    return 1 if failed else 0
