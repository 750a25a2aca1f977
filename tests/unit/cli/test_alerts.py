"""What the commands about alerts ask the server."""

from datetime import datetime
from typing import Any

import pytest

from barograph.cli import alerts
from helpers.clock import FakeClock
from unit.cli.commands import Commands


class Asked:
    """Answers in the place of a server, and keeps what it was asked."""

    forms: list[dict[str, Any]]

    def __init__(self) -> None:
        self.forms = []

    def __call__(self, *_: object) -> "Asked":
        return self

    def ask(self, _method: str, _path: str, form: dict[str, Any]) -> dict[str, Any]:
        """Answer with nothing."""
        self.forms.append(form)
        times = {"count": 0}
        return {"transitions": [], "acknowledge": times, "resolve": times}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(alerts, "Administration", made)
    return made


@pytest.fixture(params=["13:30:00", "22:59:59", "23:00:00"])
def now_s(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """A time of the command, which stands: one day must not begin between two times that are typed."""
    moment = datetime.fromisoformat(f"2026-11-23T{request.param}+00:00").timestamp()
    monkeypatch.setattr("barograph.model.clock.SystemClock", lambda: FakeClock(int(moment * 1000)))
    return moment


def test_clock_times_of_the_history_are_past_and_those_of_an_end_to_come(
    asked: Asked, barograph: Commands, now_s: float
) -> None:
    for clock in ("00:00", "06:00", "12:00", "18:00", "23:59"):
        assert barograph("alerts", "history", "--start", clock, "--end", clock).status == 0
        assert barograph("alerts", "ack", "3", "--until", clock).status == 0
    for history, ack in zip(asked.forms[::2], asked.forms[1::2], strict=True):
        assert now_s - 86_400 < float(history["start"]) == float(history["end"]) <= now_s
        assert now_s <= float(ack["until"]) <= now_s + 86_400


def test_a_history_begins_so_long_ago(asked: Asked, barograph: Commands, now_s: float) -> None:
    assert barograph("alerts", "history", "--start", "-1h").status == 0
    assert float(asked.forms[0]["start"]) == now_s - 3600
