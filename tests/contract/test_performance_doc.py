"""The performance page shows what was measured last, and nothing else."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_results_say() -> None:
    answer = subprocess.run(
        [sys.executable, ROOT / "tools" / "gen_performance_doc.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
