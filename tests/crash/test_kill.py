"""SIGKILL at random instants of tick, fold, merge, checkpoint and clean stop."""

import json
import os
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "tools" / "soak_kill.py"
KILLS = 25


def test_no_acknowledged_tick_is_lost_and_no_sample_is_wrong() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run(
        [sys.executable, str(SOAK), "--kills", str(KILLS), "--seed", "11"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert run.stdout, run.stderr
    outcome = json.loads(run.stdout)
    assert outcome["kills"] == KILLS
    assert outcome["acked"] > 10 * KILLS
    assert (outcome["lost"], outcome["wrong"], outcome["failed_opens"]) == (0, 0, 0), run.stderr
