import pytest

from barograph.model.commands import CleanTombstones, DeleteSamples, Refused, SnapshotTaken, TakeSnapshot
from unit.web.site import BEARER, Site

SNAPSHOT = "/api/v1/admin/tsdb/snapshot"
DELETE = "/api/v1/admin/tsdb/delete_series"


def test_a_deletion_is_the_keepers(site: Site) -> None:
    path = f"{DELETE}?match[]=up&match[]={{job=~%22a|b%22}}&start=1&end=2.5"
    answer = site.request(path, "POST", BEARER)
    assert (answer.status, answer.body) == (204, b"")
    selectors = ((("__name__", "=", "up"),), (("job", "=~", "a|b"),))
    assert site.keeper.asked == [DeleteSamples(selectors=selectors, start_ms=1000, end_ms=2500)]


def test_a_deletion_may_come_as_a_form(site: Site) -> None:
    assert site.post(DELETE, **{"match[]": "up"}).status == 204
    (command,) = site.keeper.asked
    assert isinstance(command, DeleteSamples)
    assert command.start_ms == 0
    assert command.end_ms > 1 << 50


def test_a_snapshot_is_named(site: Site) -> None:
    site.keeper.reply = SnapshotTaken(name="20261123T120000Z-abcd")
    answer = site.request(SNAPSHOT, "POST", BEARER)
    assert answer.json() == {"status": "success", "data": {"name": "20261123T120000Z-abcd"}}
    assert site.keeper.asked == [TakeSnapshot()]


def test_a_snapshot_that_fails_says_why(site: Site) -> None:
    site.keeper.reply = Refused(kind="store", message="no space")
    assert site.request(SNAPSHOT, "POST", BEARER).json()["error"] == "no space"
    site.keeper.is_gone = True
    assert site.request(SNAPSHOT, "POST", BEARER).status == 503


@pytest.mark.parametrize("query", ["", "?match[]=1%2B1", "?match[]=up&start=2&end=1", "?match[]=up&start=yesterday"])
def test_a_deletion_of_nothing_clear_is_refused(site: Site, query: str) -> None:
    assert site.request(DELETE + query, "POST", BEARER).status == 400
    assert site.keeper.asked == []


def test_cleaning_is_the_keepers(site: Site) -> None:
    assert site.request("/api/v1/admin/tsdb/clean_tombstones", "PUT", BEARER).status == 204
    assert site.keeper.asked == [CleanTombstones()]


def test_what_the_store_refuses_is_said(site: Site) -> None:
    site.keeper.reply = Refused(kind="store", message="the disk is full")
    answer = site.request("/api/v1/admin/tsdb/clean_tombstones", "POST", BEARER)
    assert (answer.status, answer.json()["error"]) == (503, "the disk is full")


def test_a_keeper_that_is_gone_is_said(site: Site) -> None:
    site.keeper.is_gone = True
    assert site.post(DELETE, **{"match[]": "up"}).status == 503
