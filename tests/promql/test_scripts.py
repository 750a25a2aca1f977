"""Runs every script beside this file and, where they are at hand, those of Prometheus: no eval may fail."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.model.labels import Labels
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore
from helpers.promqltest_again import MismatchError, check_again, pinned
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
            "load 1m\n  m 1 2\neval instant at 1m m[5m]\n  expect range vector from 0 to 0 step 1m\n  m 1 2",
            "more points",
        ),
        ("load 1m\n  m 1 2\neval instant at 1m m[5m]", "say so by"),
        ("eval instant at 0 vector(1)\n  expect range vector from 0 to 1m step 1m\n  {} 1", "expected a range vector"),
        ("eval instant at 0 vector(1)\n  expect string 'a'", "expected the string 'a'"),
        ("eval instant at 0 topk(NaN, vector(1))\n  expect fail regex: NaN\n  expect fail msg: no", "failed with"),
        ("eval range from 0 to 1m step 1m vector(1)\n  {} 1 1 1", "expected"),
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
    report = run_script(
        "load 1m\n  h {{schema:0 sum:1 count:1}}+{{sum:1}}x3 _ {{}}\n  m 1\n"
        "load_with_nhcb 1m\n  c_bucket{le='+Inf'} 1\n  c_count 1\n  d 2\n"
        "eval instant at 0 h + 1\neval instant at 0 -m\n  {} {{count:1 buckets:[1 2]}}\neval instant at 0 c\n"
        "eval instant at 0 c_count\n  c_count 1\neval instant at 0 info(m, {})\n  m 1"
    )
    assert report.failures == []
    assert dict(report.skipped) == {"native histograms": 2, "native histograms with custom buckets": 1}
    assert report.passed == 2


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("nonsense", 1, "unknown command"),
        ("clear\nm 1", 2, "unknown command"),
        ("clear it", 1, "malformed command"),
        ("load", 1, "malformed command"),
        ("load nothing", 1, "nothing"),
        ("load 1m\n  5", 2, "names no series"),
        ("load 1m\n  m 1+x", 2, "malformed points '1\\+x'"),
        ("load 1m\n  m 0x1F", 2, "malformed points"),
        ("load 1m\n  m 1x99999999", 2, "more than"),
        ("load 1m\n  m _+1x2", 2, "only a number"),
        ("load 1m\n  m{a=~'b'} 1", 2, "names no series"),
        ("load 1m\n  m{a='b 1", 2, "not closed"),
        ("load 1m\n  m{a='b'}1", 2, "space must follow"),
        ("load 1m\n  'm' 1", 2, "must come first"),
        ("load 1m\n  m {{sum:1", 2, "malformed histogram"),
        ("load 1m\n  m {{sum:1 nonsense}}", 2, "at 'nonsense'"),
        ("load 1m\n  m {{sum:1 sum:2}}", 2, "twice"),
        ("load 1m\n  m {{buckets:1}}", 2, "buckets of a histogram"),
        ("load 1m\n  m {{counter_reset_hint:no}}", 2, "counter_reset_hint of a histogram"),
        ("eval at 0 1", 1, "malformed command"),
        ("eval instant at 0 m\n  m 1 2", 2, "one value a series"),
        ("eval instant at 0 1\n  expect range vector from", 2, "malformed expectation"),
        ("eval instant at 0 1\n  expect nothing", 2, "malformed expectation"),
        ("eval instant at 0 1\n  expect ordered msg: x", 2, "takes no message"),
        ("eval instant at 0 1\n  expect warn msg:", 2, "lacks its text"),
        ("eval instant at 0 1\n  expect warn regex: (", 2, "bad regular expression"),
    ],
)
def test_a_line_that_is_not_of_the_language_fails_with_its_number(text: str, line: int, says: str) -> None:
    report = run_script(f"{text}\neval instant at 0 1 + 1\n  2")
    [(failed, message)] = report.failures
    assert failed == line
    assert re.search(says, message)
    assert report.passed == 1


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("m", "m @ 60.000"),
        ("rate(m[5m] offset 1m) + (n @ 5)", "rate(m[5m] @ 60.000 offset 1m) + (n @ 5.000)"),
        ("topk(scalar(k), -m smoothed)", "topk(scalar(k @ 60.000), -m smoothed @ 60.000)"),
        ("time() - m", None),
        ("timestamp(m)", None),
        ("max_over_time(m[5m:])", None),
    ],
)
def test_evals_are_run_again_pinned_to_their_instant(query: str, text: str | None) -> None:
    if text is None:
        assert pinned(query, 60_000) is None
    else:
        assert pinned(query, 60_000) == text


def test_what_differs_when_run_again_is_told() -> None:
    store = MemoryStore()
    store.add(Labels.of("m"), [0, 60_000], [1.0, 2.0])
    engine = Engine(store, QueryConfig(), FakeClock())
    check_again("m", 60_000, engine, engine.instant("m", 60_000))
    with pytest.raises(MismatchError, match="as a range query the value differs"):
        check_again("m", 60_000, engine, engine.instant("m", 0))


def run_tool(*names: str) -> subprocess.CompletedProcess[str]:
    tool = _HERE.parents[1] / "tools" / "promqltest.py"
    return subprocess.run([sys.executable, tool, *names], capture_output=True, text=True, check=False)


def test_the_tool_names_file_and_line_of_what_fails(tmp_path: Path) -> None:
    good = tmp_path / "deep" / "good.test"
    good.parent.mkdir()
    good.write_text("load 1m\n  h {{sum:1}}\neval instant at 0 1\n  1\neval instant at 0 h\n")
    assert run_tool(str(tmp_path)).returncode == 0
    bad = tmp_path / "bad.test"
    bad.write_text("eval instant at 0 1\n  2\nload 1m\n  m 1+\n")
    done = run_tool(str(tmp_path), str(tmp_path / "none.test"))
    assert done.returncode == 1
    assert f"{bad}:1: 1: expected" in done.stdout
    assert f"{bad}:4: malformed points '1+'" in done.stdout
    assert f"{good}: passed 1, failed 0, skipped 1 (1 native histograms)" in done.stdout
    assert f"{tmp_path / 'none.test'}:0: cannot be read" in done.stdout
    assert done.stdout.endswith("skipped 1: 1 native histograms\npassed 1, failed 3\n")
    assert run_tool().returncode == 2


def test_comments_old_forms_and_every_notation_are_read() -> None:
    report = run_script(_EVERYTHING)
    assert report.failures == []
    assert report.passed == 14


_EVERYTHING = """
# A comment.
load 30s
  m{a="x"} 1 -2 +3 .5 1e3 1_000 Inf -inf NaN
  # a comment inside
  n 1x2 1+2x2 1-2x2 -1+0.5x1 _ _x2 stale 7
  {"utf-8 name", "a label"="{} }{"} 1
clear
load 10s
  m{a="x"} 1 -2 +3 .5 1e3 1_000 Inf -inf NaN
  n 1x2 1+2x2 1-2x2 -1+0.5x1 _ _x2 stale 7
  {"utf-8 name", "a label"="{} }{"} 1

eval instant m{a="x"}
  {__name__="m", a="x"} 1
eval range from 0 to 80s step 10s m
  m{a="x"} 1 -2 3 0.5 1000 1000 Inf -Inf NaN
eval range from 0 to 150s step 10s n
  n 1 1 1 1 3 5 1 -1 -3 -1 -0.5 -0.5x2 _ 7
eval instant at 0 {"utf-8 name"}
  {"utf-8 name", "a label"="{} }{"} 1
eval_fail instant at 0 topk(NaN, m)
  expected_fail_message Parameter value is NaN
eval_fail instant at 0 topk(NaN, m)
  expected_fail_regexp value .* NaN
eval instant at 0 topk(NaN, m)
  expect fail msg: "Parameter value is NaN"
eval_warn instant at 0 quantile(2, m)
  {} Inf
eval_info instant at 20s rate(n[20s])
  {} 0
eval_ordered instant at 0 sort_desc(vector(2) or label_replace(vector(1), "a", "b", "", ""))
  {} 2
  {a="b"} 1
eval instant at 0 (`foo`)
  expect string "foo"
eval instant at 0 quantile(2, m)
  expect warn regex: quantile value should be between 0 and 1, got (2|3) \\(1:10\\)
  expect no_info
  {} Inf
eval instant at 20s m[20s]
  expect range vector from 10s to 20s step 10s
  m{a="x"} -2 3
eval instant at 1h m[20s]
"""
