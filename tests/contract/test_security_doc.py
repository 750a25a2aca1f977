"""The security page shows what the proofs counted last, and nothing else; each proof that is kept is a success."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "security"
ROWS = {14, 15, 16, 17, 20, 21, 33, 34, 35, 36, 37, 38, 39, 40}


def test_the_page_is_what_the_results_say() -> None:
    command = [sys.executable, str(ROOT / "tools" / "gen_security_doc.py"), "--check"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_every_promise_has_a_result_and_every_result_is_a_success() -> None:
    kept = [json.loads(file.read_text()) for file in RESULTS.glob("*.json")]
    assert {proof["row"] for proof in kept} == ROWS
    for proof in kept:
        for figure in proof["figures"]:
            assert figure["must_be"] in (None, figure["value"]), (proof["name"], figure["name"])


def test_every_proof_has_a_short_form_in_the_tests() -> None:
    text = (ROOT / "tests" / "security" / "test_proofs.py").read_text()
    for file in RESULTS.glob("*.json"):
        assert f'"{json.loads(file.read_text())["name"]}":' in text
