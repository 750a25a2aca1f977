"""The routes that clients of Prometheus look at beside queries."""

import dataclasses
from typing import Any

import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.commands import CollectorHealth
from barograph.model.labels import Labels
from barograph.model.sample import STALE
from barograph.web.deps import Facts
from unit.web.site import START_MS, Site


def data(site: Site, path: str, **parameters: str) -> Any:
    answer = site.get(path, **parameters)
    assert answer.status == 200, answer.body
    return answer.json()["data"]


def test_an_expression_is_laid_out(site: Site) -> None:
    assert data(site, "/api/v1/format_query", query="foo/bar") == "foo / bar"
    assert site.post("/api/v1/format_query", query="foo/bar").json()["data"] == "foo / bar"
    assert site.get("/api/v1/format_query", query="foo/").json()["errorType"] == "bad_data"
    assert site.get("/api/v1/format_query").status == 400


def test_an_expression_is_shown_as_a_tree(site: Site) -> None:
    assert data(site, "/api/v1/parse_query", query="foo")["type"] == "vectorSelector"


def test_an_expression_may_be_too_long(site: Site) -> None:
    answer = site.post("/api/v1/parse_query", query="a" * 20_000)
    assert answer.status == 400
    assert "query.max_query_length" in answer.json()["error"]


def test_there_are_no_exemplars(site: Site) -> None:
    probe = {"query": "foo", "start": "1700000000000", "end": "1700000100000"}
    assert data(site, "/api/v1/query_exemplars", **probe) == []
    assert site.get("/api/v1/query_exemplars", query="foo(").status == 400


def test_there_are_no_rules_alerts_and_alertmanagers(site: Site) -> None:
    assert data(site, "/api/v1/rules") == {"groups": []}
    assert data(site, "/api/v1/alerts") == {"alerts": []}
    assert data(site, "/api/v1/alertmanagers") == {"activeAlertmanagers": [], "droppedAlertmanagers": []}


def test_before_the_keeper_has_spoken_there_is_no_target(site: Site) -> None:
    assert data(site, "/api/v1/targets")["activeTargets"] == []
    assert data(site, "/api/v1/targets/metadata") == []


def test_this_host_and_barograph_are_targets(site: Site) -> None:
    failing = CollectorHealth(name="cpu", state="failing", reason="no such file", interval_ms=1000)
    resting = CollectorHealth(name="wifi", state="no_data", reason="none here", interval_ms=1000)
    site.now.status = dataclass_of(site, (failing, resting))
    site.now.ticked(START_MS)
    name = "barograph_collector_duration_seconds"
    site.store.add(Labels.of(name, collector="cpu"), [START_MS], [0.25])
    node, own = data(site, "/api/v1/targets")["activeTargets"]
    assert node["labels"] == {"instance": "web-1", "job": "node"}
    assert (node["health"], node["lastError"], node["lastScrapeDuration"]) == ("up", "cpu: no such file", 0.25)
    assert node["lastScrape"] == "2023-11-14T22:13:20Z"
    assert (own["scrapePool"], own["lastError"]) == ("barograph", "")
    assert [t["scrapePool"] for t in data(site, "/api/v1/targets", scrapePool="node")["activeTargets"]] == ["node"]
    assert data(site, "/api/v1/targets", state="dropped")["activeTargets"] == []
    assert data(site, "/api/v1/scrape_pools") == {"scrapePools": ["node", "barograph"]}


def dataclass_of(site: Site, collectors: tuple[CollectorHealth, ...]) -> Any:
    import msgspec

    return msgspec.structs.replace(site.status(), collectors=collectors)


def test_metadata_by_target(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.now.status = site.status()
    families = {
        name: Family(name, MetricType.GAUGE, "Some text.") for name in ("node_load1", "barograph_ticks_total", "node_x")
    }
    monkeypatch.setattr(site.store, "metadata", lambda: families)
    found = data(site, "/api/v1/targets/metadata")
    assert [(each["target"]["job"], each["metric"]) for each in found] == [
        ("node", "node_load1"),
        ("node", "node_x"),
        ("barograph", "barograph_ticks_total"),
    ]
    assert found[0]["type"] == "gauge"
    one = data(site, "/api/v1/targets/metadata", match_target='{job="node"}', metric="node_x")
    assert [each["metric"] for each in one] == ["node_x"]
    assert len(data(site, "/api/v1/targets/metadata", limit="1")) == 1
    assert site.get("/api/v1/targets/metadata", match_target="1+1").status == 400


def test_which_program_this_is(site: Site) -> None:
    info = data(site, "/api/v1/status/buildinfo")
    assert (info["version"], info["application"], info["features"]) == ("1.2.3", "Barograph", {})


def test_what_runs(site: Site) -> None:
    site.fill()
    info = data(site, "/api/v1/status/runtimeinfo")
    assert (info["timeSeriesCount"], info["corruptionCount"]) == (2, 0)
    site.now.status = site.status()
    assert data(site, "/api/v1/status/runtimeinfo")["startTime"] == "2023-11-14T22:13:20Z"


def test_what_was_configured(site: Site) -> None:
    site.deps = dataclasses.replace(
        site.deps, facts=Facts(config_yaml="web: {}\n", settings={"web.max_body": "1"}, retention="30d")
    )
    assert data(site, "/api/v1/status/config") == {"yaml": "web: {}\n"}
    assert data(site, "/api/v1/status/flags") == {"web.max_body": "1"}
    assert data(site, "/api/v1/status/runtimeinfo")["storageRetention"] == "30d"


def test_what_has_the_most_series(site: Site) -> None:
    site.fill(series=3)
    site.store.add(Labels.of("up"), [START_MS], [1.0])
    counts = data(site, "/api/v1/status/tsdb")
    assert counts["headStats"]["numSeries"] == 4
    assert counts["seriesCountByMetricName"] == [{"name": "load", "value": 3}, {"name": "up", "value": 1}]
    assert {"name": "cpu", "value": 3} in counts["labelValueCountByLabelName"]
    assert {"name": "cpu", "value": 3} in counts["memoryInBytesByLabelName"]
    assert counts["seriesCountByLabelValuePair"][0] == {"name": "__name__=load", "value": 3}
    assert len(data(site, "/api/v1/status/tsdb", limit="1")["seriesCountByMetricName"]) == 1
    assert site.get("/api/v1/status/tsdb", limit="0").status == 400


def test_the_ring_was_replayed(site: Site) -> None:
    assert data(site, "/api/v1/status/walreplay")["state"] == "done"


def test_federation_gives_the_newest_samples_as_text(site: Site) -> None:
    site.fill(series=2, seconds=10)
    site.store.add(Labels.of("ended"), [START_MS - 2000, START_MS - 1000], [1.0, STALE])
    site.store.add(Labels.of("older"), [START_MS - 5000], [7.0])
    site.store.add(Labels.of("ancient"), [START_MS - 400_000], [7.0])
    answer = site.get("/federate", **{"match[]": '{__name__=~".+"}'})
    assert answer.header("content-type").startswith("text/plain; version=0.0.4")
    samples = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    assert samples == [
        f"older 7 {START_MS - 5000}",
        f'load{{cpu="0"}} 9 {START_MS}',
        f'load{{cpu="1"}} 1009 {START_MS}',
    ]
    assert site.get("/federate").status == 400
    assert site.get("/federate", **{"match[]": "nothing"}).body == b""
