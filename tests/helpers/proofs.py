"""Runs a proof (tools/soak_*.py) in its short form."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_TOOLS = Path(__file__).parents[2] / "tools"
_SPOILT = "seconds without a tick"
"""How the figures begin that a machine which is busy with other things may spoil, in one run or another."""
_TRIES = 6


def run_proof(name: str, count: int, results: Path) -> list[dict[str, Any]]:
    """Run a proof with the seed of all short runs and return its figures; again where nothing but a tick was missing.

    Args:
        name: The soak's name.
        count: How many of its cases.
        results: A folder for what it keeps.

    Raises:
        AssertionError: A figure is not what it must be; has what the proof said.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, str(_TOOLS / f"soak_{name}.py"), "--count", str(count), "--seed", "11", "--results"]
    said = ""
    for number in range(_TRIES):
        folder = results / str(number)
        run = subprocess.run([*command, str(folder)], capture_output=True, text=True, env=environment, check=False)
        said += run.stdout + run.stderr
        found = [json.loads(file.read_text())["figures"] for file in folder.glob(f"*-{name}.json")]
        figures: list[dict[str, Any]] = found[0] if found else []
        if run.returncode == 0:
            return figures
        wrong = [each["name"] for each in figures if each["must_be"] is not None and each["value"] != each["must_be"]]
        if not wrong or not all(each.startswith(_SPOILT) for each in wrong):
            break
    raise AssertionError(said)
