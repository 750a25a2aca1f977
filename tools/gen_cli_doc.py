"""Writes docs/cli.md from the commands' own help. `make docs` runs it; tests/contract checks the page."""

import sys
from pathlib import Path
from typing import Any

import typer

from barograph.cli.main import COMMANDS, build

_PAGE = Path(__file__).resolve().parent.parent / "docs/cli.md"
_WIDTH = 80

_OPENING = """# The command line

Written by `tools/gen_cli_doc.py` from the commands' own `--help`; do not edit it.

- **Output.** Results go to standard output, everything else to standard error. `--format json` is there wherever a
  program may read. `NO_COLOR` is respected; where standard output is no terminal, nothing is folded.
- **Exit status.** 0 done; 1 failed: what was asked is not so; 2 wrong use or configuration; 130 interrupted.
- **Times.** RFC 3339 (`2026-11-23T03:12:00Z`), Unix seconds, `-1h` before now, `03:12` or `03:12:30` (the most recent
  past one), `yesterday 03:12`, `now`. What names no zone is meant in the local one: that of `TZ`, else the machine's.
- **The server.** `--url`, else the one of `--data`, else `BAROGRAPH_URL`, else the one of the default data folder
  (`/var/lib/barograph` as root, else `$XDG_STATE_HOME/barograph`): a folder's server is in its file `url`.
- **The token.** `BAROGRAPH_TOKEN`, else the data folder's file `token`, which is sent to that folder's server only.
"""


def page() -> str:
    """Return the page's text."""
    parts = [_OPENING]
    for name in COMMANDS:
        group: Any = typer.main.get_command(build(name))
        command = group.commands[name]
        inner: dict[str, Any] = getattr(command, "commands", {})
        for words, shown in {(name, key): one for key, one in inner.items()}.items() if inner else [((name,), command)]:
            parts.append(f"## barograph {' '.join(words)}\n\n```\n{_help(words, shown)}\n```\n")
    return "\n".join(parts)


def _help(words: tuple[str, ...], command: Any) -> str:  # noqa: ANN401  typer's commands have no public type
    context = command.context_class(
        command,
        info_name=" ".join(("barograph", *words)),
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines())


if __name__ == "__main__":
    _PAGE.write_text(page())
    sys.stdout.write(f"{_PAGE} written\n")
