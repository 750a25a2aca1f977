"""Asks the API what its own document says, with values of every kind: `make soak S=openapi`.

usage: soak_openapi.py [--count N] [--seed N] [--results DIR]

schemathesis reads /api/openapi.json of a real server and makes requests of it; `--count` is how many of each operation.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.server import serving

EXAMPLES = 200
FEW = 10
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = r"/live$|/stream$|/snapshot$|/clean_tombstones$|/me/password$|/logout$|/-/reload$|/import|/export$"
"""Streams without end, lines of JSON that are no JSON together, what takes a second each time, and what ends the session."""
PROOF = Proof(
    row=17,
    name="openapi",
    fault="Requests as the API's own document allows and forbids them",
    promise="Every operation answers what the document says, and none with a 5xx.",
    method="schemathesis over /api/openapi.json: boundaries of every parameter and random values, as an administrator; "
    "statuses, types and schemas of the answers are held against the document.",
)


def figures(count: int, seed: int, place: Path) -> list[Figure]:
    """Run the proof."""
    phases = "coverage,fuzzing" if count > FEW else "fuzzing"
    with serving(place / "data") as server:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/api/openapi.json"),
            *("--header", f"Authorization: Bearer {server.token}", "--checks", CHECKS),
            *("--exclude-path-regex", LEFT_OUT, "--phases", phases, "--max-examples", str(count)),
            *("--seed", str(seed), "--no-color", "--generation-allow-x00", "false", "--continue-on-failure"),
            # a password takes a process of its own, and that some seconds where cores are short
            *("--suppress-health-check", "all", "--workers", "2", "--request-timeout", "120"),
        ]
        environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(place)}
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place, env=environment)
        tracebacks = server.words().count("Traceback")
    found = re.search(r"(\d+) generated(?:, (\d+) found)?", run.stdout)
    operations = re.search(r"Tested: (\d+)", run.stdout)
    if run.returncode or not found:
        print(run.stdout[-8000:], run.stderr[-2000:], file=sys.stderr)
    return [
        Figure(name="requests", value=int(found[1]) if found else 0),
        Figure(name="operations", value=int(operations[1]) if operations else 0),
        Figure(name="answers that the document does not allow", value=run.returncode, must_be=0),
        Figure(name="errors that nobody foresaw, in the log", value=tracebacks, must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Ask what the document says.", EXAMPLES, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, options.seed, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
