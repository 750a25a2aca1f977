"""The reliability page shows what the proofs found last, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_results_say() -> None:
    answer = subprocess.run(
        [sys.executable, ROOT / "tools" / "gen_reliability_doc.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_every_result_that_is_kept_is_a_success() -> None:
    for file in (ROOT / "benchmarks" / "results" / "reliability").glob("*.json"):
        for figure in json.loads(file.read_text())["figures"]:
            assert figure["must_be"] in (None, figure["value"]), (file.name, figure["name"])
