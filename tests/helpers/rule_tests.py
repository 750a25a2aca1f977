"""Unit-test files of rules for tests of `test rules`, and how promtool and we run one."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from barograph.app.rule_files import read_rule_file
from barograph.app.yaml_source import parse_yaml
from barograph.rules.group import RuleFile
from barograph.rules.trial.reading import TrialFile, read_trial
from barograph.rules.trial.running import run_trial
from helpers.clock import FakeClock

FOLDER = Path(__file__).parents[1] / "fixtures" / "rule_tests"


@dataclass(frozen=True)
class Ran:
    """What came of a file: as a program, its exit status and its failures."""

    status: int
    said: str


def read_file(file: Path) -> TrialFile:
    document = parse_yaml(file.read_text(), str(file), as_texts=True)
    return read_trial(document.values, document.error)


def read_text(text: str) -> TrialFile:
    document = parse_yaml(text, "test.yml", as_texts=True)
    return read_trial(document.values, document.error)


def failures(trial: TrialFile, folder: Path = FOLDER) -> list[str]:
    """Run every group of a file; its rule files are found below a folder."""
    rules = []
    for name in trial.rule_files:
        for file in sorted(folder.glob(name)):
            checked = read_rule_file(file)
            assert not checked.findings
            rules.append(RuleFile(name=str(file), groups=checked.groups))
    return [failure for group in trial.groups for failure in run_trial(trial, rules, FakeClock(), group)]


def promtool(file: Path) -> Ran:
    answer = subprocess.run(
        ["promtool", "test", "rules", file.name],
        cwd=file.parent,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return Ran(answer.returncode, answer.stderr)
