import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PATH = Path(__file__).parents[3] / "tools" / "audit_dependencies.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_dependencies", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [], **more}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        ([package("a"), package("b")], 0, "0 open among 2"),
        ([package("a", vulns=[{"id": "PYSEC-1", "fix_versions": ["1.1"]}])], 1, "a 1.0: PYSEC-1, mended in 1.1"),
        ([package("a", vulns=[{"id": "PYSEC-2", "fix_versions": []}])], 1, "mended in no version"),
        ([package("a"), {"name": "b", "skip_reason": "not found on PyPI"}], 0, "nothing is known of 1 packages"),
    ],
)
def test_what_is_made_of_an_answer(audit: ModuleType, packages: list[Any], status: int, words: str) -> None:
    found, lines = audit.verdict(json.dumps({"dependencies": packages}))
    assert found == status
    assert words in "\n".join(lines)


@pytest.mark.parametrize("output", ["", "no JSON", "{}"])
def test_where_nobody_answers_it_is_said_and_no_failure(audit: ModuleType, output: str) -> None:
    assert audit.verdict(output) == (0, ["advisories: nobody could be asked from here; nothing is known"])
