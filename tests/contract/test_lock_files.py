"""Lock files pin versions and hashes, and no address to download from: whoever installs chooses the registry."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parent.parent.parent
_LOCKS = sorted((_ROOT / "requirements").glob("*.txt"))
_PACKAGE_LOCK = _ROOT / "web/package-lock.json"
_ADDRESS = re.compile(r"[a-z+]+://|--(extra-)?index-url|--find-links|\s@\s", re.IGNORECASE)


def _relative(path: Path) -> str:
    return str(path.relative_to(_ROOT))


def test_there_are_lock_files() -> None:
    assert {path.name for path in _LOCKS} >= {"runtime.txt", "dev.txt", "build.txt", "node.txt"}
    assert _PACKAGE_LOCK.exists()


def _texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, but who gives money to whom: that is no place to download from."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "funding":
                yield key
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("path", _LOCKS, ids=_relative)
def test_no_requirements_file_holds_an_address(path: Path) -> None:
    lines = enumerate(path.read_text().splitlines(), 1)
    assert not [f"{number}: {line.strip()}" for number, line in lines if _ADDRESS.search(line)]


def test_the_pages_lock_file_holds_no_address() -> None:
    assert not [text for text in _texts(json.loads(_PACKAGE_LOCK.read_text())) if _ADDRESS.search(text)]


@pytest.mark.parametrize("path", _LOCKS, ids=_relative)
def test_every_requirement_has_one_version_and_a_hash(path: Path) -> None:
    text = path.read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    for requirement in requirements:
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==[^\s;]+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_the_pages_packages_have_a_hash_and_no_place() -> None:
    packages = json.loads(_PACKAGE_LOCK.read_text())["packages"]
    installed = {name: entry for name, entry in packages.items() if name}
    assert installed
    for name, entry in installed.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
        assert entry["version"], name


def test_npm_is_told_to_leave_addresses_out() -> None:
    assert "omit-lockfile-registry-resolved=true" in (_ROOT / "web/.npmrc").read_text().replace(" ", "")
