"""Unit-test files of rules have the verdicts of promtool's: Debian's on ours, upstream's asserted ones on theirs."""

import json
import re
import shutil
from pathlib import Path

import pytest

from barograph.cli.test import _test
from helpers.rule_tests import FOLDER, failures, promtool, read_text

UPSTREAM = Path("/work/shared/conformance/prometheus-rules/promtool")
for parent in Path(__file__).parents:
    if (found := parent.parent / "shared/conformance/prometheus-rules/promtool").is_dir():
        UPSTREAM = found
needs_upstream = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the conformance material is not here")
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
EXPECTED = json.loads((UPSTREAM / "expected.json").read_text()) if UPSTREAM.is_dir() else {}
OURS = sorted(file.name for file in FOLDER.glob("*.yml") if file.name != "rules.yml")


@needs_upstream
# unittest.yml needs native histograms for three of its series; the next test runs all its others
@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"_comment", "unittest.yml"}))
def test_upstreams_files_have_the_verdicts_that_upstream_asserts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _test(UPSTREAM / name, []) is (EXPECTED[name] == 0), capsys.readouterr().err


@needs_upstream
def test_upstreams_large_file_but_for_native_histograms() -> None:
    text = (UPSTREAM / "unittest.yml").read_text()
    text = re.sub(r" +- series: test_histogram\w*\n +values: .*\n", "", text)
    text = re.sub(r" +- expr: test_histogram\w*\n(?: +(?!- expr).*\n)+", "", text)
    assert text.count("expr:") == 19
    assert "istogram" not in text.replace("# Histograms", "")
    assert failures(read_text(text), UPSTREAM) == []


@needs_promtool
@pytest.mark.e2e
@pytest.mark.parametrize("name", OURS)
def test_our_files_have_promtools_verdicts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = promtool(FOLDER / name)
    passed = _test(FOLDER / name, [])
    mine = capsys.readouterr().err
    assert passed is (theirs.status == 0), (mine, theirs.said)
    if name in ("failing.yml", "limit.yml"):
        assert _comparable(mine) == _comparable(theirs.said)


def _comparable(said: str) -> str:
    """Leave out what differs between versions: how a type is called, and the words of a parse error."""
    said = said.replace("Value float64 }", "Value interface {} }")
    return re.sub(r'(expr: "sum\(x", time: 1m, err: ).*', r"\1", said)
