"""docs/alerts is what `make docs` writes: a page for each stock alert, and no other."""

import importlib.util
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent


def test_the_pages_are_those_of_the_table() -> None:
    spec = importlib.util.spec_from_file_location("gen_alerts_doc", _ROOT / "tools/gen_alerts_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = {file.name: file.read_text() for file in (_ROOT / "docs/alerts").iterdir()}
    assert written == module.pages(), "docs/alerts is not up to date: run `make docs`"
