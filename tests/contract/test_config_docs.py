"""docs/configuration.md and the JSON Schema say what the configuration's code says."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
import yaml

from barograph.app.config import Config, load_config
from barograph.app.config_environment import environment_overrides
from barograph.app.config_schema import json_schema, settings_of

_ROOT = Path(__file__).parent.parent.parent
_PAGE = (_ROOT / "docs/configuration.md").read_text()
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (float, int),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_config_doc", _ROOT / "tools/gen_config_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _settings(section: type[msgspec.Struct] = Config, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every setting's path and doc line, sections included."""
    for setting in settings_of(section):
        yield ".".join((*path, setting.name)), setting.doc
        if setting.section is not None:
            yield from _settings(setting.section, (*path, setting.name))


def _leaves(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for name, part in schema["properties"].items():
        if "properties" in part:
            yield from _leaves(part, (*path, name))
        else:
            yield (*path, name), part


_LEAVES = dict(_leaves(json_schema()))


def test_the_page_is_the_one_the_code_makes() -> None:
    assert _generator().page() == _PAGE, "docs/configuration.md is not up to date: run `make docs`"


@pytest.mark.parametrize(("path", "doc"), [*_settings()])
def test_every_setting_has_its_line(path: str, doc: str) -> None:
    in_registry = path.startswith("collectors.") and path.count(".") == 1
    assert doc or in_registry, f"{path} has no doc line in its struct"


def test_the_pages_examples_can_be_used(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)
    assert examples
    for example in examples:
        file = tmp_path / "example.yml"
        file.write_text(example)
        assert load_config(file, {}) != Config()
    variables = re.findall(r"`(BAROGRAPH_\w+)=([^`]+)`", _PAGE)
    assert variables
    environment = {name: value.strip("'") for name, value in variables}
    assert load_config(None, environment) != Config()
    assert len(environment_overrides(environment)) == len(variables)


def test_the_schema_knows_every_setting_and_no_other() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False
    paths = {path for path, _ in _settings()}
    sections = {path for path in paths if any(other.startswith(path + ".") for other in paths)}
    assert {".".join(path) for path in _LEAVES} == paths - sections


@pytest.mark.parametrize("path", _LEAVES, ids=".".join)
def test_a_schemas_default_is_of_its_own_type(path: tuple[str, ...]) -> None:
    part = _LEAVES[path]
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    assert set(kinds) <= set(_PYTHON_TYPES)
    if "default" in part:
        assert isinstance(part["default"], tuple(kind for name in kinds for kind in _PYTHON_TYPES[name]))
    if part["type"] == "array":
        assert part["items"]["type"] in _PYTHON_TYPES


def test_a_file_of_the_schemas_defaults_changes_nothing(tmp_path: Path) -> None:
    values: dict[str, Any] = {}
    for path, part in _LEAVES.items():
        if "default" in part:
            section = values
            for name in path[:-1]:
                section = section.setdefault(name, {})
            section[path[-1]] = part["default"]
    file = tmp_path / "defaults.yml"
    file.write_text(yaml.safe_dump(values))
    assert load_config(file, {}) == Config()
