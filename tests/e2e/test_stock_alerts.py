"""The stock alerts of a real `serve`: all are evaluated from the first start, and none fires on this machine."""

from pathlib import Path

import pytest

from barograph.rules.stock.table import STOCK
from helpers.server import eventually, serving

pytestmark = pytest.mark.e2e


def test_they_run_from_the_first_start_and_are_quiet(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:

        def evaluated() -> list[dict[str, object]] | None:
            groups = server.get("/api/v1/rules").json()["data"]["groups"]
            rules = [rule for group in groups if group["file"] == "stock" for rule in group["rules"]]
            return rules if rules and all(rule["health"] != "unknown" for rule in rules) else None

        # groups of a minute's interval come last
        rules = eventually(evaluated, 150.0, "an evaluation of every stock rule")
        assert {str(rule["name"]).removeprefix("threshold:") for rule in rules} == set(STOCK)
        assert [rule for rule in rules if rule["health"] != "ok"] == []
        alerts = server.get("/api/v1/alerts").json()["data"]["alerts"]
        assert [alert for alert in alerts if alert["state"] == "firing"] == []
