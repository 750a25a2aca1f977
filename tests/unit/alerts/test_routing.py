"""Routes, beside Debian's amtool where it is installed."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from barograph.alerts.config import RouteConfig
from barograph.alerts.routing import Route, make_routes
from barograph.app.config_convert import decode_setting
from barograph.model.errors import AlertError
from barograph.model.labels import Labels

RECEIVERS = dict.fromkeys(("all", "db", "web", "page", "audit", "night"))
TREE: dict[str, Any] = {
    "receiver": "all",
    "group_by": ["alertname"],
    "repeat_interval": "3h",
    "routes": [
        {"receiver": "audit", "matchers": ['audit="yes"'], "continue": True},
        {
            "receiver": "db",
            "matchers": ['service=~"mysql|pg.*"', "env!=test"],
            "group_wait": "5s",
            "routes": [
                {"receiver": "page", "match": {"severity": "critical"}, "group_by": ["..."]},
                {"match_re": {"owner": "n.*"}, "receiver": "night", "group_by": []},
            ],
        },
        {"receiver": "web", "match": {"service": "web"}},
        {"match": {"service": "web"}, "receiver": "page"},
    ],
}
ALERTS = [
    {"alertname": "A"},
    {"audit": "yes"},
    {"audit": "yes", "service": "web"},
    {"service": "pg14", "severity": "critical"},
    {"service": "pg14", "env": "test"},
    {"service": "mysql", "owner": "nina"},
    {"service": "mysql", "owner": "nina", "audit": "yes", "severity": "critical"},
    {"service": "xmysql"},
    {"service": "mysql", "severity": "warning"},
]


def tree(written: dict[str, Any] = TREE, intervals: tuple[str, ...] = ()) -> Route:
    config = msgspec.convert(written, RouteConfig, dec_hook=decode_setting)
    return make_routes(config, RECEIVERS, dict.fromkeys(intervals))


@pytest.mark.parametrize("alert", ALERTS)
def test_alerts_go_where_alertmanager_sends_them(alert: dict[str, str], tmp_path: Path) -> None:
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("amtool is not installed")
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump({"route": TREE, "receivers": [{"name": name} for name in RECEIVERS]}))
    pairs = [f"{name}={value}" for name, value in alert.items()]
    answer = subprocess.run(
        [program, "config", "routes", "test", f"--config.file={file}", *pairs],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [route.receiver for route in tree().match(Labels(alert.items()))]
    assert ",".join(ours) == answer.stdout.strip()


def test_a_child_has_what_it_does_not_say_from_its_parent() -> None:
    page, night = tree().routes[1].routes
    assert (page.group_wait_ms, page.group_interval_ms, page.repeat_interval_ms) == (5000, 300_000, 3 * 3_600_000)
    assert (page.receiver, night.receiver, night.place) == ("page", "night", "route.routes[1].routes[1]")
    assert tree().group_wait_ms == 30_000


def test_groups_have_alertmanagers_keys() -> None:
    labels = Labels([("alertname", 'say "x"'), ("service", "pg14"), ("severity", "critical")])
    route = tree().match(labels)[0]
    key = '{}/{env!="test",service=~"mysql|pg.*"}/{severity="critical"}'
    assert route.group_key(labels) == key + r':{alertname="say \"x\"", service="pg14", severity="critical"}'
    assert tree().group_key(labels) == r'{}:{alertname="say \"x\""}'
    assert tree().routes[1].routes[1].group_labels(labels) == Labels()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({}, "must name a receiver"),
        ({"receiver": "all", "matchers": ["a=b"]}, "can have no matchers"),
        ({"receiver": "all", "mute_time_intervals": ["x"]}, "can have no mute_time_intervals"),
        ({"receiver": "nobody"}, "route.receiver: there is no receiver 'nobody'"),
        ({"receiver": "all", "routes": [{"receiver": "x"}]}, r"route.routes\[0\].receiver"),
        ({"receiver": "all", "routes": [{"active_time_intervals": ["x"]}]}, "no time interval 'x'"),
        ({"receiver": "all", "group_by": ["a", "a"]}, "given twice"),
        ({"receiver": "all", "group_by": ["...", "a"]}, "stands alone"),
        ({"receiver": "all", "group_interval": "0s"}, "group_interval"),
        ({"receiver": "all", "repeat_interval": "0s"}, "repeat_interval"),
        ({"receiver": "all", "routes": [{"matchers": ["a"]}]}, "not a list of matchers"),
    ],
)
def test_what_is_no_tree_is_refused_at_its_place(written: dict[str, Any], words: str) -> None:
    with pytest.raises(AlertError, match=words):
        tree(written)


def test_routes_may_be_limited_to_times() -> None:
    written = {"receiver": "all", "routes": [{"mute_time_intervals": ["n"], "active_time_intervals": ["d"]}]}
    route = tree(written, ("n", "d")).routes[0]
    assert (route.mute_intervals, route.active_intervals, route.receiver) == (("n",), ("d",), "all")
