"""The API's document describes every route and method of the router, and each parameter where it stands."""

import pytest

from barograph.web.openapi import describe
from barograph.web.openapi_types import parameter_schema
from barograph.web.routes import ROUTES


def test_the_document_describes_every_route_and_method() -> None:
    paths = describe("1.2.3")["paths"]
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    assert described == {(route.template, method) for route in ROUTES if not route.page for method in route.methods}


def test_what_a_post_takes_stands_in_its_form() -> None:
    operation = describe("1.2.3")["paths"]["/api/v1/query"]["post"]
    schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert schema["required"] == ["query"]
    assert "parameters" not in operation


def test_a_body_of_samples_is_no_form() -> None:
    operation = describe("1.2.3")["paths"]["/api/v1/import/csv"]["post"]
    assert set(operation["requestBody"]["content"]) == {"text/csv"}
    assert {one["name"] for one in operation["parameters"]} == {"format", "timestamp", "skip_bad"}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("match[]", "", "array"),
        ("limit", "", "integer"),
        ("query", "", "string"),
        ("id", "A number; repeats.", "array"),
    ],
)
def test_parameters_have_types(name: str, text: str, kind: str) -> None:
    assert parameter_schema(name, text)["type"] == kind


def test_every_refusal_that_is_described_has_words() -> None:
    for methods in describe("1.2.3")["paths"].values():
        for operation in methods.values():
            assert {"400", "403", "421", "431", "503"} <= set(operation["responses"])
            assert all(each["description"] for each in operation["responses"].values())
