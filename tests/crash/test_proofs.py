"""The short form of each long reliability proof (`make soak`): the same program, with fewer cases."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# beside other tests some take minutes
pytestmark = pytest.mark.timeout(900)
TOOLS = Path(__file__).parents[2] / "tools"
CASES = {
    "powercut": 150,
    "kill": 40,
    "eio": 24,
    "bitrot": 220,
    "formats": 16,
    "torn": 30,
    "snapshot": 8,
    "race": 900,
    "memory": 12,
    "full": 6,
    "bombs": 120,
    "rules": 25,
    "notify": 25,
    "receiver": 2,
    "deadman": 2,
}


@pytest.mark.parametrize("name", CASES)
def test_the_promise_holds(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    if name == "full" and os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, str(TOOLS / f"soak_{name}.py"), "--count", str(CASES[name]), "--seed", "11"]
    run = subprocess.run(
        [*command, "--results", str(tmp_path)], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    kept = json.loads(next(tmp_path.glob(f"*-{name}.json")).read_text())
    for figure in kept["figures"]:
        record_property(figure["name"], figure["value"])
    assert kept["figures"][0]["value"] >= CASES[name]
