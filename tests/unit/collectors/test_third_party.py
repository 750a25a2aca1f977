from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any, NamedTuple

import pytest

from barograph.collectors import third_party
from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.collectors.third_party import ThirdPartyCollector, ThirdPartyConfig
from barograph.model.errors import CollectError, ConfigError
from barograph.model.units import Duration
from helpers.clock import FakeClock
from helpers.collectors import as_dict


class Metric(NamedTuple):
    name: str = "made_up"
    type: str = "gauge"
    help: str = "Made up."


class Plugin:
    """A plugin whose methods a test replaces."""

    described: Any = (Metric(), Metric("made_total", "counter"))
    samples: Any = (("made_up", {"a": "b"}, 1), ("made_total", {}, 2.5))
    closed = 0

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options
        if "fail" in options:
            raise RuntimeError("cannot")

    def describe(self) -> Any:
        if isinstance(self.described, Exception):
            raise self.described
        return self.described

    def collect(self) -> Any:
        if isinstance(self.samples, Exception):
            raise self.samples
        return iter(self.samples)

    def close(self) -> None:
        type(self).closed += 1


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda self: Plugin)
    points = EntryPoints([EntryPoint("plugin", "x:y", third_party.GROUP)])
    monkeypatch.setattr(third_party, "_entry_points", lambda: points.select(group=third_party.GROUP))
    for name in ("described", "samples"):
        monkeypatch.setattr(Plugin, name, getattr(Plugin, name))


def made(**more: Any) -> ThirdPartyCollector:
    return ThirdPartyCollector(ThirdPartyConfig(name="plugin", **more), "place", frozenset({"cpu"}))


def test_its_samples_become_a_batch() -> None:
    collector = made(options={"x": "y"})
    batch = collector.collect(1)
    assert as_dict(batch) == {'made_up{a="b"}': 1, "made_total": 2.5}
    assert collector.collect(2).schema is batch.schema
    assert batch.source == "plugin"
    collector.close()
    assert Plugin.closed == 1


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([("other", {}, 1)], "which its describe\\(\\) does not have"),
        ([("made_up", {"a-b": "c"}, 1)], "has the label 'a-b'"),
        ([("made_up", {"__name__": "c"}, 1)], "has the label '__name__'"),
        ([("made_up", {"a": 1}, 1)], "has the label 'a' with 1"),
        ([("made_up", {}, "x")], "is no \\(name, labels, value\\)"),
        ([("made_up", {})], "is no \\(name, labels, value\\)"),
        ([("made_up", {"n": str(n)}, 1) for n in range(4)], "more than 3 series"),
    ],
)
def test_samples_that_are_none(monkeypatch: pytest.MonkeyPatch, samples: Any, words: str) -> None:
    monkeypatch.setattr(Plugin, "samples", samples)
    with pytest.raises(CollectError, match=words):
        made(max_series=3).collect(1)


def test_what_it_raises_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plugin, "samples", ZeroDivisionError("x"))
    with pytest.raises(ZeroDivisionError):
        made().collect(1)


@pytest.mark.parametrize("described", [RuntimeError("no"), (), (Metric("a-b"),), (Metric(type="odd"),), (3,)])
def test_descriptions_that_are_none(monkeypatch: pytest.MonkeyPatch, described: Any) -> None:
    monkeypatch.setattr(Plugin, "described", described)
    with pytest.raises(ConfigError, match="describe\\(\\)") as caught:
        made()
    assert caught.value.path == "place"


def test_one_that_cannot_be_built() -> None:
    with pytest.raises(ConfigError, match="plugin could not be built: RuntimeError: cannot"):
        made(options={"fail": ""})


@pytest.mark.parametrize(
    ("name", "words"), [("other", "no installed package has"), ("cpu", "or another's"), ("A", "is no name")]
)
def test_names_that_are_none(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("or another's", "or another collector's")):
        ThirdPartyCollector(ThirdPartyConfig(name=name), "place", frozenset({"cpu"}))


def test_the_configuration_builds_them_beside_ours() -> None:
    entry = ThirdPartyConfig(name="plugin", interval=Duration.parse("10s"), budget=Duration(100))
    build: Callable[..., Any] = build_collectors
    built = build(CollectorsConfig(third_party=(entry,)), Paths(), FakeClock())
    assert (built[-1].collector.name, built[-1].interval_ms, built[-1].budget_ms) == ("plugin", 10_000, 100)
    with pytest.raises(ConfigError, match="or another collector's") as caught:
        build(CollectorsConfig(third_party=(entry, entry)), Paths(), FakeClock())
    assert caught.value.path == "collectors.third_party[1].name"
    with pytest.raises(ConfigError, match="too short"):
        build(
            CollectorsConfig(third_party=(ThirdPartyConfig(name="plugin", interval=Duration(5)),)), Paths(), FakeClock()
        )
