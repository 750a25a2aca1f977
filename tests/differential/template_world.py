"""Templates, rendered by Debian's promtool.

promtool shows what a template came to where an alert's annotations are not as expected: `Annotations:{a0="...", ...}`.
"""

import re
import subprocess
from pathlib import Path

import yaml

from barograph.templates.constants import unquote
from helpers.templates import EXTERNAL

SERIES = {
    'x{a="1",b="q & \\"r\\" <s>",host="web-1.example.com:9100",ip="10.0.0.1:80"}': "1234567.891",
    'y{n="b"}': "2.5",
    'y{n="a"}': "-3",
    'y{n="c"}': "0.00012",
}
_ANNOTATION = re.compile(r'\b(t\d+)=("(?:[^"\\]|\\.)*")')
_LOAD_ERROR = re.compile(r'annotation "(t\d+)": (.*)$', re.MULTILINE)


def theirs(folder: Path, templates: list[str]) -> dict[str, str]:
    """Have promtool render templates; what it refuses to load is told in its words."""
    refused: dict[str, str] = {}
    while True:
        rest = {f"t{number}": text for number, text in enumerate(templates) if text not in refused}
        output = _run(folder, rest)
        found = {templates[int(name[1:])]: why.strip() for name, why in _LOAD_ERROR.findall(output)}
        if not found:
            break
        words = "<error expanding template: error parsing template __alert_A: "
        refused |= {text: f"{words}{why}>" for text, why in found.items()}
    shown = {templates[int(name[1:])]: unquote(quoted) for name, quoted in _ANNOTATION.findall(output)}
    return shown | refused


def _run(folder: Path, annotations: dict[str, str]) -> str:
    rules = {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "x", "annotations": annotations}]}]}
    test = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "external_labels": EXTERNAL,
                "external_url": "http://h:9090/p",
                "input_series": [{"series": name, "values": f"{value}x5"} for name, value in SERIES.items()],
                "alert_rule_test": [{"eval_time": "1m", "alertname": "A", "exp_alerts": []}],
            }
        ],
    }
    (folder / "rules.yml").write_text(yaml.safe_dump(rules, allow_unicode=True))
    (folder / "test.yml").write_text(yaml.safe_dump(test, allow_unicode=True))
    answer = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return answer.stdout + answer.stderr
