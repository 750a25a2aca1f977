import inspect
import re

import pytest

from barograph.model import errors
from barograph.model.errors import (
    BarographError,
    ConfigError,
    FormatError,
    LimitError,
    ParseError,
    QueryError,
)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    documented = []
    parents = ["BarographError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^((?:│   |    )*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4 + 1
            parents[depth:] = [found[2]]
            documented.append((found[2], parents[depth - 1]))
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one is not BarographError]
    assert sorted(documented) == sorted((one.__name__, one.__bases__[0].__name__) for one in classes)
    assert all(issubclass(one, BarographError) for one in classes)


def test_a_format_error_says_where() -> None:
    error = FormatError("bad magic", 12)
    assert str(error) == "bad magic (at offset 12)"
    assert error.offset == 12
    assert FormatError("empty").offset == 0


@pytest.mark.parametrize(
    ("position", "end", "expected"),
    [(None, None, (None, None)), (3, None, (3, 4)), (3, 7, (3, 7)), (0, None, (0, 1)), (None, 5, (None, 5))],
)
def test_a_query_error_blames_at_least_one_character_where_it_knows_the_place(
    position: int | None, end: int | None, expected: tuple[int | None, int | None]
) -> None:
    error = ParseError("unexpected )", position, end)
    assert isinstance(error, QueryError)
    assert str(error) == error.message == "unexpected )"
    assert (error.position, error.end) == expected


def test_a_limit_names_itself_the_value_and_the_setting() -> None:
    error = LimitError("samples", 123_456_789, 50_000_000, "query.max_samples")
    assert str(error) == (
        "query refused: 123,456,789 samples, more than 50,000,000; raise query.max_samples or ask for less"
    )
    assert (error.limit, error.value, error.maximum) == ("samples", 123_456_789, 50_000_000)
    assert error.setting == "query.max_samples"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "configuration: expected a number"),
        ({"path": "web.listen[0]"}, "configuration: web.listen[0]: expected a number"),
        ({"file": "b.yml", "path": "web"}, "b.yml: web: expected a number"),
        ({"file": "b.yml", "line": 3, "column": 5, "path": "web"}, "b.yml:3:5: web: expected a number"),
        ({"file": "b.yml", "line": 3}, "b.yml:3:1: expected a number"),
    ],
)
def test_a_config_error_names_file_line_column_and_path(place: dict[str, str | int], text: str) -> None:
    error = ConfigError("expected a number", **place)  # type: ignore[arg-type]
    assert str(error) == text
    assert error.message == "expected a number"
    assert error.file == place.get("file", "")
    assert error.line == place.get("line", 0)
    assert error.column == place.get("column", 0)
    assert error.path == place.get("path", "")
