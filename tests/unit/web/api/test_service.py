from dataclasses import replace

import pytest

from barograph.model.batch import Schema
from barograph.model.commands import Refused, Reload, SessionFound
from barograph.model.sample import FloatArray
from unit.web.site import BEARER, START_MS, Site


def test_healthy_needs_nothing_but_a_name_of_ours(site: Site) -> None:
    assert site.request("/-/healthy").status == 200
    assert site.request("/-/healthy", headers={"host": "evil.example"}).status == 421


def test_healthy_names_a_part_that_has_died_without_a_word(site: Site) -> None:
    now = site.deps.now
    now.keeper_lives("", site.clock.monotonic_s())
    assert site.request("/-/healthy").status == 200
    now.keeper_lives("notifier: quiet for 31 s", site.clock.monotonic_s())
    red = site.request("/-/healthy")
    assert (red.status, red.body) == (503, b"Barograph is not healthy: notifier: quiet for 31 s\n")
    now.keeper_lives("", site.clock.monotonic_s())
    site.clock.advance(15)
    assert site.request("/-/healthy").status == 200, "slow is not dead"
    site.clock.advance(1)
    assert site.request("/-/healthy").body == b"Barograph is not healthy: keeper: quiet for 16 s\n"
    now.keeper_lives("", site.clock.monotonic_s())
    assert site.request("/-/healthy").status == 200


def test_ready_once_there_are_samples(site: Site) -> None:
    early = site.request("/-/ready")
    assert early.status == 503
    assert early.header("retry-after") == "1"
    assert early.body == b"Collecting. The first second arrives now.\n"
    site.fill()
    assert site.request("/-/ready").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_reload_is_the_keepers(site: Site, method: str) -> None:
    assert site.request("/-/reload", method, BEARER).json() == {"status": "success"}
    assert site.keeper.asked == [Reload()]


@pytest.mark.parametrize(
    ("kind", "status", "error_type"),
    [
        ("config", 400, "bad_data"),
        ("bad_request", 400, "bad_data"),
        ("store", 503, "unavailable"),
        ("access", 401, "unauthorized"),
    ],
)
def test_a_refused_reload_says_why(site: Site, kind: str, status: int, error_type: str) -> None:
    site.keeper.reply = Refused(kind=kind, message="barograph.yml:3:1: unknown key")
    answer = site.request("/-/reload", "POST", BEARER)
    assert answer.status == status
    assert answer.json() == {"status": "error", "errorType": error_type, "error": "barograph.yml:3:1: unknown key"}


def test_a_reload_without_a_keeper_is_unavailable(site: Site) -> None:
    site.keeper.is_gone = True
    assert site.request("/-/reload", "POST", BEARER).status == 503


def test_the_status_is_the_keepers_newest(site: Site) -> None:
    early = site.get("/api/barograph/v1/status")
    assert early.status == 503
    site.now.status = site.status()
    site.now.ticked(START_MS)
    data = site.get("/api/barograph/v1/status").json()["data"]
    assert data["instance"] == "web-1"
    assert data["interval_ms"] == 1000
    assert data["store_read_only"] is False
    assert data["collectors"] == []
    assert data["barograph_version"] == "1.2.3"
    assert data["tick_ms"] == START_MS


def test_metrics_are_host_samples_and_our_own(site: Site) -> None:
    answer = site.get("/metrics")
    assert answer.header("content-type").startswith("text/plain; version=0.0.4")
    text = answer.body.decode()
    assert "# HELP node_load1 1m load average.\n# TYPE node_load1 gauge\nnode_load1 0.25\n" in text
    assert "# TYPE barograph_live_clients gauge" in text


def test_metrics_are_written_once_a_tick_whoever_asks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    written = list[int]()
    given = site.deps.exposition

    def noting() -> list[tuple[Schema, FloatArray]]:
        written.append(1)
        return given()

    monkeypatch.setattr(site, "deps", replace(site.deps, exposition=noting))
    site.now.ticked(START_MS)
    bodies = {site.get("/metrics").body for _ in range(5)}
    assert (len(bodies), len(written)) == (1, 1)
    site.now.ticked(START_MS + 1000)
    assert site.get("/metrics").body not in bodies
    assert len(written) == 2


def test_a_reply_of_the_wrong_kind_is_our_fault(site: Site) -> None:
    site.keeper.reply = SessionFound(session_id="i", user="u", role="viewer", expires_ms=1)
    answer = site.request("/login?code=x")
    assert answer.status == 500
    assert b"SessionFound" in answer.body
