"""Writes the table of routes into docs/api.md from the routes themselves; the rest of the page is written by hand.

`make docs` runs it; tests/contract checks the page.
"""

import sys
from pathlib import Path

from barograph.web.routes import ROUTES, Route

_PAGE = Path(__file__).resolve().parent.parent / "docs/api.md"
_MARK = "<!-- routes: written by tools/gen_api_doc.py from src/barograph/web/routes.py; do not edit them -->\n"


def with_routes(text: str) -> str:
    """Return a page with the table of routes in place of the one after the mark, which ends at an empty line.

    Raises:
        ValueError: It has no such mark, or nothing follows the table.
    """
    before, mark, rest = text.partition(_MARK)
    _, end, after = rest.partition("\n\n")
    if not mark or not end:
        raise ValueError(f"there is no table after {_MARK.strip()!r}")
    return before + mark + _table() + end + after


def _table() -> str:
    rows = ["| route | methods | role | what |", "|---|---|---|---|", *map(_row, ROUTES)]
    return "\n".join(rows)


def _row(route: Route) -> str:
    role = route.role.word if route.role else "nobody"
    return f"| `{route.template}` | {', '.join(route.methods)} | {role} | {route.summary} |"


if __name__ == "__main__":
    _PAGE.write_text(with_routes(_PAGE.read_text()))
    sys.stdout.write(f"{_PAGE} written\n")
