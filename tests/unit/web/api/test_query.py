import asyncio
from pathlib import Path

import pytest

from barograph.promql.config import QueryConfig
from barograph.promql.value import QueryResult
from unit.web.site import BEARER, START_MS, Answer, Site, run

NOW = START_MS // 1000
LOAD_0 = {"__name__": "load", "cpu": "0"}


def test_an_instant_query_answers_now_or_at_a_time(site: Site) -> None:
    site.fill()
    assert site.get("/api/v1/query", query='load{cpu="0"}').json() == {
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": LOAD_0, "value": [NOW, "59"]}]},
    }
    then = site.post("/api/v1/query", query='load{cpu="0"}', time=str(NOW - 10)).json()["data"]["result"]
    assert then == [{"metric": LOAD_0, "value": [NOW - 10, "49"]}]


def test_scalars_strings_and_ranges_have_their_own_types(site: Site) -> None:
    site.fill()
    assert site.get("/api/v1/query", query="1+1").json()["data"] == {"resultType": "scalar", "result": [NOW, "2"]}
    assert site.get("/api/v1/query", query='"x"').json()["data"] == {"resultType": "string", "result": [NOW, "x"]}
    matrix = site.get("/api/v1/query", query='load{cpu="1"}[2s]').json()["data"]
    assert matrix["resultType"] == "matrix"
    assert matrix["result"][0]["values"] == [[NOW - 1, "1058"], [NOW, "1059"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_range_query_answers_each_step(site: Site, method: str) -> None:
    site.fill()
    ask = site.get if method == "GET" else site.post
    parameters = {"query": 'load{cpu="0"} * 2', "start": str(NOW - 20), "end": str(NOW), "step": "10s"}
    assert ask("/api/v1/query_range", **parameters).json()["data"] == {
        "resultType": "matrix",
        "result": [{"metric": {"cpu": "0"}, "values": [[NOW - 20, "78"], [NOW - 10, "98"], [NOW, "118"]]}],
    }


def test_a_limit_cuts_series_and_says_so(site: Site) -> None:
    site.fill(series=5)
    for query, key in (("load", "value"), ("load[2s]", "values")):
        answer = site.get("/api/v1/query", query=query, limit="2").json()
        assert [row["metric"]["cpu"] for row in answer["data"]["result"]] == ["0", "1"]
        assert all(key in row for row in answer["data"]["result"])
        assert answer["warnings"] == ["results truncated due to limit"]
        assert "warnings" not in site.get("/api/v1/query", query=query, limit="5").json()
    ranged = {"query": "load", "start": str(NOW - 9), "end": str(NOW), "step": "3", "limit": "1"}
    assert len(site.get("/api/v1/query_range", **ranged).json()["data"]["result"]) == 1


def test_another_lookback_counts(site: Site) -> None:
    site.fill()
    later = {"query": "load", "time": str(NOW + 60)}
    assert len(site.get("/api/v1/query", **later).json()["data"]["result"]) == 2
    assert site.get("/api/v1/query", **later, lookback_delta="30s").json()["data"]["result"] == []


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "'query' is missing"),
        ({"query": "up", "time": "noon"}, "parameter 'time'"),
        ({"query": "up", "timeout": "soon"}, "parameter 'timeout'"),
        ({"query": "up", "limit": "-1"}, "parameter 'limit'"),
        ({"query": "up", "lookback_delta": "0"}, "parameter 'lookback_delta'"),
    ],
)
def test_wrong_parameters_are_bad_data(site: Site, parameters: dict[str, str], words: str) -> None:
    answer = site.get("/api/v1/query", **parameters)
    assert answer.status == 400
    assert answer.json()["errorType"] == "bad_data"
    assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"start": ""}, "parameter 'start'"),
        ({"end": "0"}, "the end is before the start"),
        ({"step": "0"}, "parameter 'step'"),
        ({"step": "-1s"}, "parameter 'step'"),
    ],
)
def test_wrong_ranges_are_bad_data(site: Site, changed: dict[str, str], words: str) -> None:
    good = {"query": "up", "start": str(NOW - 60), "end": str(NOW), "step": "1"}
    answer = site.get("/api/v1/query_range", **{**good, **changed})
    assert answer.status == 400
    assert words in answer.json()["error"]


def test_a_wrong_expression_is_pointed_at(site: Site) -> None:
    answer = site.get("/api/v1/query", query="sum(load) !! 1")
    assert answer.status == 400
    assert answer.json()["errorType"] == "bad_data"
    assert answer.json()["position"] == 10
    assert answer.json()["end"] == 12


def test_a_limit_of_the_engine_is_named_with_its_setting(tmp_path: Path) -> None:
    site = Site(tmp_path, query=QueryConfig(max_points=10))
    answer = site.get("/api/v1/query_range", query="1", start="0", end="100", step="1")
    # as Prometheus, which Grafana knows
    assert answer.status == 400
    assert answer.json()["errorType"] == "bad_data"
    assert "101" in answer.json()["error"]
    assert "query.max_points" in answer.json()["error"]
    site.close()


def test_a_query_out_of_time_says_so(site: Site) -> None:
    site.fill()
    engine = site.deps.engine
    now_s = site.clock.monotonic_s

    def later() -> float:
        site.clock.advance(1)
        return now_s()

    site.clock.monotonic_s = later  # type: ignore[method-assign]
    answer = site.get("/api/v1/query", query="load + load", timeout="1ms")
    assert answer.status == 503
    assert answer.json()["errorType"] == "timeout"
    assert engine.config.timeout.seconds == 30


def test_dear_queries_run_on_the_thread_and_the_loop_stays_free(site: Site) -> None:
    import threading

    site.fill()
    engine = site.deps.engine
    threads: list[str] = []
    instant = engine.instant

    def noted(*arguments: object, **options: object) -> QueryResult:
        threads.append(threading.current_thread().name)
        return instant(*arguments, **options)  # type: ignore[arg-type]  # passed on as they came

    engine.instant = noted  # type: ignore[method-assign]
    engine.cost_estimate = lambda *_, **__: 10**9  # type: ignore[method-assign]

    async def both() -> list[Answer]:
        calls = [site.call("/api/v1/query?query=load", headers=BEARER) for _ in range(2)]
        await asyncio.gather(*(site.app(call.scope, call.receive, call.send) for call in calls))
        return [call.answer for call in calls]

    assert [answer.status for answer in run(both())] == [200, 200]
    assert len(threads) == 2
    assert all(name.startswith("query") for name in threads)


def test_what_a_query_cost_is_told_where_asked(site: Site) -> None:
    site.fill()
    assert "stats" not in site.get("/api/v1/query", query="load").json()["data"]
    stats = site.get("/api/v1/query", query="load", stats="all").json()["data"]["stats"]
    assert stats["samples"]["totalQueryableSamples"] > 0
    assert stats["tiers"] == {"answered": [], "bucketValuesRead": 0}
    site.store.widths_ms = (60_000,)
    window = {"start": str(NOW - 72_000), "end": str(NOW), "step": "3600"}
    ranged = site.get("/api/v1/query_range", query="max_over_time(load[1h])", stats="all", **window)
    assert ranged.json()["data"]["stats"]["timings"]["evalTotalTime"] >= 0
    aligned = site.get("/api/v1/query", query="max_over_time(load[12h])", stats="all", time=str(NOW // 60 * 60))
    assert aligned.json()["data"]["stats"]["tiers"]["answered"] == ["1m"]


def test_what_each_part_did_is_told_where_asked(site: Site) -> None:
    site.fill()
    assert "explain" not in site.get("/api/v1/query", query="load").json()["data"]
    data = site.get("/api/v1/query", query="sum(load)", explain="true").json()["data"]
    assert data["explain"]["children"][0]["text"] == "sum(load)"
    refused = site.get("/api/v1/query", query="load", explain="perhaps")
    assert refused.status == 400
    assert "'perhaps' is neither true nor false" in refused.json()["error"]
