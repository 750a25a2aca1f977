"""`barograph doctor` without a server; with one it is asked in tests/e2e/test_doctor.py."""

import json
import re
from pathlib import Path

import pytest

from barograph.app.finding import advice, fact, good, problem
from barograph.cli.doctor_page import print_findings
from unit.cli.commands import Commands


def test_a_folder_without_a_server(barograph: Commands, tmp_path: Path) -> None:
    outcome = barograph("doctor", "--data", str(tmp_path / "none"), "--format", "json")
    found = {row["topic"]: row for row in json.loads(outcome.out)["findings"]}
    assert outcome.status == 0, outcome.err
    assert found["server"]["level"] == "advice"
    assert found["SQLite"]["level"] == "good"
    assert "127.0.0.1:10132" in found["open to"]["words"]
    assert found["users"]["remedy"].startswith("barograph user add")


def test_what_is_broken_is_status_one(barograph: Commands, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x" * 40)
    (tmp_path / "token").chmod(0o644)
    outcome = barograph("doctor", "--data", str(tmp_path))
    assert outcome.status == 1
    assert "broken" in outcome.err
    places = [outcome.out.index(part) for part in ("Broken", f"chmod 600 {tmp_path / 'token'}", "Works")]
    assert places == sorted(places)


def test_wrong_use(barograph: Commands, tmp_path: Path) -> None:
    assert barograph("doctor", "--format", "xml").status == 2
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("webb: {}\n")
    outcome = barograph("doctor", "--data", str(tmp_path / "none"), "--config", str(wrong))
    assert outcome.status == 2
    assert "wrong.yml:1" in outcome.err


def test_a_state_that_cannot_be_read_is_broken(barograph: Commands, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "state.db").write_bytes(b"no database at all, and longer than a header of SQLite would be" * 20)
    outcome = barograph("doctor", "--data", str(tmp_path))
    assert outcome.status == 1
    assert "state.db cannot be read" in outcome.out


def test_a_server_that_does_not_answer(barograph: Commands, tmp_path: Path) -> None:
    outcome = barograph("doctor", "--url", "http://127.0.0.1:9")
    assert outcome.status == 1
    assert "does not answer" in outcome.out


def test_a_terminal_is_not_overrun(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "72")
    print_findings([advice("clock", "word " * 40, "do " * 40)], "web-1", "text")
    said = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)  # bold is no colour
    assert max(map(len, said.splitlines())) <= 72


def test_parts_stand_in_order_and_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [
        good("disk", "plenty"),
        fact("users", "admin: \x1b[31mann"),
        advice("clock", "loose", "tighten it"),
        problem("certificate", "over", "renew it"),
    ]
    print_findings(findings, "web-1", "text")
    said = capsys.readouterr().out
    parts = [said.index(name) for name in ("Broken", "Missing", "Works", "Open to whom")]
    assert parts == sorted(parts)
    assert "\x1b[31m" not in said
    assert "tighten it" in said
    print_findings(findings[:1], "web-1", "text")
    assert "Broken" not in capsys.readouterr().out
