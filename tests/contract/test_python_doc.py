"""The example of docs/python.md runs as it stands there, over a store of this minute."""

import re
import subprocess
import sys
from pathlib import Path

from barograph.model.batch import Family, MetricType, Schema
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from unit.tsdb.stores import T0, Kit

ROOT = Path(__file__).parents[2]
SCHEMA = Schema(
    (Family("node_load1", MetricType.GAUGE, "Load."), Family("node_cpu_seconds_total", MetricType.COUNTER, "Seconds.")),
    (Labels.of("node_load1", job="node"), Labels.of("node_cpu_seconds_total", job="node", cpu="0")),
    (0, 1),
)


def test_the_example_runs(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "data")
    newest_s = (SystemClock().now_ms() - T0) / 1000
    for n in range(30):
        kit.tick(SCHEMA, newest_s - 29 + n, [1.5, n * 0.25])
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    kit.store.close()
    assert (done.returncode, done.stderr) == (0, "")
    assert 'node_load1{job="node"} 1.5\n[' in done.stdout
    assert re.search(r"node_cpu_seconds_total +7\.25\n", done.stdout)
    assert "shape: (30, 3)" in done.stdout
