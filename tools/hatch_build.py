"""hatchling's build hook: a git checkout builds the page before it is packed; an sdist carries it built.

Named in pyproject.toml; called by hatchling for wheels, sdists and editable installs. Barograph never imports it.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def load_build_page(root: Path) -> ModuleType:
    """Import tools/build_page.py by its path: a build environment has nothing of ours to import from."""
    name = "barograph_build_page"
    spec = importlib.util.spec_from_file_location(name, root / "tools" / "build_page.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(root / "tools" / "build_page.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def must_build(root: Path, *, built: bool, editable: bool) -> bool:
    """Whether this build makes the page: a checkout always looks, what carries a built page never does."""
    if not built:
        return True
    return (root / ".git").exists() and not editable


class PageBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the page where a build needs it."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, only where the page must be built and the machine has none."""
        root = Path(self.root)
        tool = load_build_page(root)
        page = tool.Page(root)
        if page.fresh or not must_build(root, built=page.built, editable=False) or tool.system_toolchain():
            return []
        return [str(tool.NODE_REQUIREMENT)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page before files are chosen. `version` is `standard` or `editable`."""
        del build_data
        root = Path(self.root)
        page = load_build_page(root).Page(root)
        if must_build(root, built=page.built, editable=version == "editable"):
            page.build()
