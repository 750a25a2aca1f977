"""Fuzzes every parser with atheris, guided by coverage: `make soak S=fuzz`.

usage: soak_fuzz.py [--count N] [--seed N] [--results DIR]

`--count` is how many runs each target gets. A long run takes all targets and keeps what goes new ways in
tests/fuzz/corpora; a short one takes one of them, by the seed, since instrumenting takes some seconds each.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from proof import ROOT, SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(ROOT / "tests"))
from fuzz.targets import CORPORA, TARGETS

RUNS = 2_000_000
LONG = 100_000
KEPT = 60
FEW = 1
PROOF = Proof(
    row=17,
    name="fuzz",
    fault="Any bytes at any parser",
    promise="Each reads them or says why not; none crashes, hangs or takes memory without end.",
    method="atheris (libFuzzer), guided by coverage, on every parser of text or bytes that somebody else may have written; an "
    "error that the parser does not promise, ten seconds for one input, or 1 GiB of memory is a finding.",
)


def fuzz(name: str, runs: int, seed: int, found: Path) -> tuple[int, bool, str]:
    """Fuzz one target; returns how many runs there were, whether one was a finding, and the last words."""
    command = [
        *(sys.executable, str(ROOT / "tests" / "fuzz" / "one.py"), name, str(found), str(CORPORA / name)),
        *(
            f"-runs={runs}",
            f"-seed={seed}",
            # a short run goes beside other tests
            f"-timeout={10 if runs >= LONG else 60}",
            "-rss_limit_mb=1024",
            "-max_len=2000",
            "-print_final_stats=1",
        ),
        f"-artifact_prefix={found}/",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    done = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    return int(done[1]) if done else 0, run.returncode != 0, run.stderr[-3000:]


def keep(name: str, found: Path) -> None:
    """Add the smallest of what went new ways to the corpus."""
    have = {path.read_bytes() for path in (CORPORA / name).iterdir()}
    fresh = sorted((path.read_bytes() for path in found.iterdir()), key=len)
    for data in fresh[: max(0, KEPT - len(have))]:
        if data not in have:
            number = len(list((CORPORA / name).iterdir()))
            (CORPORA / name / f"{number:03d}").write_bytes(data)


def main() -> int:
    """Run and print."""
    options = read_options("Fuzz every parser.", RUNS, SECURITY)
    names = list(TARGETS) if options.count >= LONG else random.Random(options.seed).sample(list(TARGETS), FEW)
    total, findings = 0, 0
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"barograph-fuzz-{name}-") as temporary:
            done, is_finding, words = fuzz(name, options.count, options.seed, Path(temporary))
            total, findings = total + done, findings + is_finding
            if is_finding:
                print(f"{name}: {words}", file=sys.stderr)
            elif options.count >= LONG:
                keep(name, Path(temporary))
    figures = [
        Figure(name="runs", value=total),
        Figure(name="parsers", value=len(names)),
        Figure(name="findings", value=findings, must_be=0),
    ]
    return conclude(PROOF, figures, options)


if __name__ == "__main__":
    sys.exit(main())
