import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.labels import Labels
from unit.web.site import BEARER, START_MS, Site

NOW = START_MS // 1000


def test_names_and_values_of_labels(site: Site) -> None:
    site.fill()
    site.store.add(Labels.of("up", job="node"), [START_MS], [1.0])
    assert site.get("/api/v1/labels").json() == {"status": "success", "data": ["__name__", "cpu", "job"]}
    assert site.post("/api/v1/labels", **{"match[]": "up"}).json()["data"] == ["__name__", "job"]
    assert site.get("/api/v1/label/cpu/values").json()["data"] == ["0", "1"]
    assert site.get("/api/v1/label/__name__/values").json()["data"] == ["load", "up"]
    assert site.get("/api/v1/label/__name__/values", **{"match[]": 'up{job!=""}'}).json()["data"] == ["up"]
    assert site.get("/api/v1/label/absent/values").json()["data"] == []


def test_a_name_may_be_escaped(site: Site) -> None:
    site.store.add(Labels.from_mapping({"__name__": "m", "a/b": "x"}), [START_MS], [1.0])
    assert site.get("/api/v1/label/U__a_2f_b/values").json()["data"] == ["x"]
    assert site.get("/api/v1/label/U__a_/values").status == 400


def test_series_of_several_selectors_come_once(site: Site) -> None:
    site.fill()
    answer = site.request("/api/v1/series?match[]=load&match[]=load{cpu=%220%22}", headers=BEARER).json()
    assert answer["data"] == [{"__name__": "load", "cpu": "0"}, {"__name__": "load", "cpu": "1"}]


def test_a_range_bounds_what_is_found(site: Site) -> None:
    site.fill()
    early = {"match[]": "load", "start": str(NOW - 7200), "end": str(NOW - 3600)}
    assert site.get("/api/v1/series", **early).json()["data"] == []
    assert len(site.get("/api/v1/series", **{**early, "end": str(NOW)}).json()["data"]) == 2


def test_a_limit_cuts_and_says_so(site: Site) -> None:
    site.fill(series=5)
    answer = site.get("/api/v1/label/cpu/values", limit="3").json()
    assert answer == {"status": "success", "data": ["0", "1", "2"], "warnings": ["results truncated due to limit"]}
    assert "warnings" not in site.get("/api/v1/label/cpu/values", limit="5").json()


def test_metadata_is_by_metric(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    families = {name: Family(name, MetricType.GAUGE, f"{name} in words.") for name in ("load", "up")}
    monkeypatch.setattr(site.store, "metadata", lambda: families)
    assert site.get("/api/v1/metadata", metric="up").json()["data"] == {
        "up": [{"type": "gauge", "help": "up in words.", "unit": ""}]
    }
    assert list(site.get("/api/v1/metadata").json()["data"]) == ["load", "up"]
    assert list(site.get("/api/v1/metadata", limit="1").json()["data"]) == ["load"]
    assert site.get("/api/v1/metadata", metric="absent").json()["data"] == {}


@pytest.mark.parametrize(
    ("path", "parameters", "words"),
    [
        ("/api/v1/series", {}, "'match[]' is missing"),
        ("/api/v1/series", {"match[]": "sum(up)"}, "is no series selector"),
        ("/api/v1/series", {"match[]": "up offset 1m"}, "is no series selector"),
        ("/api/v1/series", {"match[]": "up["}, ""),
        ("/api/v1/labels", {"start": "noon"}, "parameter 'start'"),
        ("/api/v1/labels", {"limit": "x"}, "parameter 'limit'"),
    ],
)
def test_wrong_parameters_are_bad_data(site: Site, path: str, parameters: dict[str, str], words: str) -> None:
    answer = site.get(path, **parameters)
    assert answer.status == 400
    assert answer.json()["errorType"] == "bad_data"
    assert words in answer.json()["error"]
