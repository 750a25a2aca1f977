"""docs/api.md and the OpenAPI document say of the routes what the route table says."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from barograph.web.config import WebConfig
from barograph.web.openapi import describe
from barograph.web.routes import ROUTES

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs" / "api.md").read_text()
GOLDEN = Path(__file__).resolve().parents[3] / "shared/conformance/prometheus-http-api/openapi_3.1_golden.yaml"


def with_routes(text: str) -> str:
    spec = importlib.util.spec_from_file_location("gen_api_doc", ROOT / "tools" / "gen_api_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written: str = module.with_routes(text)
    return written


def test_the_table_of_routes_is_the_codes() -> None:
    """`make docs` writes the table; what is committed is what it writes."""
    assert with_routes(DOC) == DOC
    assert all(f"| `{route.template}` | {', '.join(route.methods)} |" in DOC for route in ROUTES)


def test_a_route_that_the_table_lacks_is_put_in_and_the_rest_stays() -> None:
    line = next(line for line in DOC.splitlines(keepends=True) if line.startswith("| `/federate`"))
    assert with_routes(DOC.replace(line, "| `/made-up` | GET | admin | x |\n")) == DOC
    with pytest.raises(ValueError, match="no table"):
        with_routes(DOC.replace("<!-- routes", "<!-- other"))


def test_how_many_routes_are_open_is_said_rightly() -> None:
    words = {3: "three", 4: "four", 5: "five"}
    count = sum(route.role is None for route in ROUTES)
    assert f'Every route but {words[count]} (role "nobody" below)' in DOC


def test_settings_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`web\.(\w+)`", DOC))
    assert {"listen", "allowed_hosts", "max_body", "live_clients", "waiting_queries"} <= named
    assert named <= set(WebConfig.__struct_fields__)


def test_the_openapi_document_has_every_route_and_method() -> None:
    paths = describe("1.2.3")["paths"]
    expected = {route.template: {method.lower() for method in route.methods} for route in ROUTES if not route.page}
    assert {path: set(operations) for path, operations in paths.items()} == expected


def test_the_openapi_document_says_who_may_ask() -> None:
    paths = describe("1.2.3")["paths"]
    for route in ROUTES:
        if not route.page:
            for operation in paths[route.template].values():
                assert bool(operation["security"]) == (route.role is not None)


@pytest.mark.parametrize("path", ["/query", "/query_range", "/labels", "/label/{name}/values", "/series", "/metadata"])
def test_prometheus_own_parameters_are_there(path: str) -> None:
    """Ours has each parameter of Prometheus' document, but for those of what is not built."""
    if not GOLDEN.exists():
        pytest.skip("Prometheus' OpenAPI document is not on this machine")
    later = {"stats", "limit_per_metric"}
    golden: dict[str, Any] = yaml.safe_load(GOLDEN.read_text())["paths"][path]["get"]
    ours: dict[str, Any] = describe("1.2.3")["paths"]["/api/v1" + path]["get"]
    theirs = {parameter["name"] for parameter in golden["parameters"]} - later
    assert theirs <= {parameter["name"] for parameter in ours["parameters"]}
