"""docs/promql.md says what the function table and the parser say."""

import importlib.util
from pathlib import Path

from barograph.promql.functions.table import FUNCTIONS

_ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_the_one_the_table_makes() -> None:
    spec = importlib.util.spec_from_file_location("gen_promql_doc", _ROOT / "tools/gen_promql_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (_ROOT / "docs/promql.md").read_text()
    assert written == module.page(), "docs/promql.md is not up to date: run `make docs`"
    for name in FUNCTIONS:
        assert written.count(f"| `{name}(") == 1
