"""Runs every script beside this file and, where they are at hand, those of Prometheus: no eval may fail."""

from pathlib import Path

import pytest

from helpers.promqltest_notation import ScriptError, read_script
from helpers.promqltest_runner import run_script

_HERE = Path(__file__).resolve().parent
_SHARED = _HERE.parents[2] / "shared" / "conformance" / "prometheus-promqltest"
OWN = sorted(_HERE.glob("*.test"))
SHARED = sorted(_SHARED.glob("*.test"))


@pytest.mark.parametrize("script", OWN, ids=lambda path: path.name)
def test_our_own_scripts_pass(script: Path) -> None:
    report = run_script(script.read_text(encoding="utf-8"))
    assert report.failures == []
    assert not report.skipped
    assert report.passed > 10


@pytest.mark.skipif(not SHARED, reason="Prometheus' own scripts are not at hand")
@pytest.mark.parametrize("script", SHARED, ids=lambda path: path.name)
def test_prometheus_scripts_do_not_fail(script: Path) -> None:
    report = run_script(script.read_text(encoding="utf-8"))
    assert report.failures == []
    assert report.passed > 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("eval instant at 0 vector(1)\n  {} 2", "expected"),
        ("eval instant at 0 vector(1)", "expected"),
        ("eval instant at 0 1\n  2", "expected"),
        ('eval instant at 0 "a"\n  expect string "b"', "got the string"),
        ("eval instant at 0 vector(1)\n  expect fail", "expected to fail"),
        ("eval instant at 0 vector(\n  {} 2", "unexpected"),
        ("eval instant at 0 topk(NaN, vector(1))\n  expect fail msg: no", "failed with"),
        ("eval instant at 0 vector(1)\n  expect warn\n  {} 1", "expected warn"),
        ("eval instant at 0 quantile(2, vector(1))\n  expect no_warn\n  {} +Inf", "unexpected warn"),
        (
            "eval instant at 0 quantile(2, vector(1))\n  expect warn\n  expect warn msg: no\n {} +Inf",
            "expected warn no",
        ),
        ("eval range from 0 to 1m step 1m vector(1)\n  {} 1 2", "expected"),
        ("load 1m\n  m 1 2\neval instant at 1m m[5m]\n  expect range vector from 0 to 1m step 1m\n  m 1 3", "expected"),
        (
            "load 1m\n  m{a='1'} 1\n  m{a='2'} 2\neval instant at 0 m\n  expect ordered\n  m{a='2'} 2\n  m{a='1'} 1",
            "order",
        ),
    ],
)
def test_a_result_that_differs_fails_with_its_line(wrong: str, says: str) -> None:
    report = run_script(wrong)
    assert report.passed == 0
    [(line, message)] = report.failures
    assert wrong.splitlines()[line - 1].startswith("eval")
    assert says in message


def test_what_needs_native_histograms_is_skipped_with_its_reason() -> None:
    report = run_script("load 1m\n  h {{schema:0 sum:1 count:1}}x3\neval instant at 0 h + 1\neval instant at 0 info(x)")
    assert dict(report.skipped) == {"native histograms": 1, "the function info() is not evaluated yet": 1}


@pytest.mark.parametrize("text", ["nonsense", "load 1m\n  m 1+x", "eval instant at 0 1\n  expect range vector from"])
def test_a_line_that_is_no_command_is_refused_with_its_number(text: str) -> None:
    with pytest.raises(ScriptError, match=f"^{len(text.splitlines())}: "):
        read_script(text)
