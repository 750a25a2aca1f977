import pytest

from barograph.model.errors import BudgetError
from barograph.model.labels import Labels
from unit.web.site import START_MS, Site

_ROUTE = "/api/barograph/v1/events"
_LABELS = {"job": "node", "instance": "web-1"}


@pytest.fixture
def told(site: Site) -> Site:
    """A host with a gap of ten seconds and two OOM kills."""
    site.now.status = site.status()
    times = [START_MS - second * 1000 for second in range(60, -1, -1) if not 20 < second < 30]
    site.store.add(Labels.of("up", **_LABELS), times, [1.0] * len(times))
    kills = [float(at_ms > START_MS - 10_000) for at_ms in times]
    site.store.add(Labels.of("node_vmstat_oom_kill", **_LABELS), times, kills)
    return site


def test_the_day_until_now(told: Site) -> None:
    data = told.get(_ROUTE).json()["data"]
    assert (data["host"], data["left_out"]) == ("web-1", 0)
    assert [(event["kind"], event["at"] - START_MS / 1000, event["missing"]) for event in data["events"]] == [
        ("oom", -9, 0),
        ("gap", -30, 10),
    ]


def test_a_span_a_host_and_a_limit(told: Site) -> None:
    end = START_MS / 1000
    assert told.get(_ROUTE, start=str(end - 15), end=str(end)).json()["data"]["events"][0]["kind"] == "oom"
    assert told.get(_ROUTE, host="other").json()["data"]["events"] == []
    data = told.get(_ROUTE, limit="1").json()["data"]
    assert (len(data["events"]), data["left_out"]) == (1, 1)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"start": "5", "end": "4"}, "'end' must lie after 'start'"),
        ({"start": "5", "end": "200000"}, "at most two days"),
        ({"start": "soon"}, "parameter 'start'"),
        ({"limit": "-1"}, "parameter 'limit'"),
    ],
)
def test_refusals(told: Site, parameters: dict[str, str], words: str) -> None:
    answer = told.get(_ROUTE, **parameters)
    assert answer.status == 400
    assert words in answer.json()["error"]


def test_it_ends_when_its_time_is_over(told: Site, monkeypatch: pytest.MonkeyPatch) -> None:

    def select(matchers: object, start_ms: int, end_ms: int, hints: object) -> object:
        told.clock.advance(10_000)
        hints.budget.check()  # type: ignore[attr-defined]  # the hints of a selection
        raise AssertionError("the budget let it go on")

    monkeypatch.setattr(told.store, "select", select)
    answer = told.get(_ROUTE)
    assert answer.status == 503
    assert "ask for a shorter span" in answer.json()["error"]


def test_more_than_it_may_read_is_refused(told: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def select(*_: object) -> object:
        raise BudgetError("samples", 9_000_000)

    monkeypatch.setattr(told.store, "select", select)
    answer = told.get(_ROUTE)
    assert answer.status == 422
    assert "9,000,000 samples was not read" in answer.json()["error"]
