"""docs/cli.md is what the commands say, every option says what it does, and the parsers take their own examples."""

import importlib.util
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from barograph.cli.main import COMMANDS, build, run

ROOT = Path(__file__).parents[2]


def _commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words."""
    for name in COMMANDS:
        root: Any = typer.main.get_command(build(name))
        command = root.commands[name]
        inner: dict[str, Any] = getattr(command, "commands", {})
        yield from (((name, key), one) for key, one in inner.items())
        if not inner:
            yield (name,), command


ALL = list(_commands())
NAMES = [" ".join(words) for words, _ in ALL]


@pytest.mark.parametrize(("words", "command"), ALL, ids=NAMES)
def test_its_parser_takes_its_examples(
    words: tuple[str, ...], command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--help"]) == 0
    for example in capsys.readouterr().out.partition("Examples:\n")[2].splitlines():
        given = shlex.split(example.partition(" > ")[0].partition(" | ")[0])[1 + len(words) :]
        command.make_context(words[-1], given)


@pytest.mark.parametrize(("words", "command"), ALL, ids=NAMES)
def test_every_option_says_what_it_does(words: tuple[str, ...], command: Any) -> None:
    assert all(parameter.help for parameter in command.params)


def test_the_page_is_what_the_commands_say() -> None:
    page = _generator().page()
    assert (ROOT / "docs" / "cli.md").read_text() == page, "docs/cli.md is not up to date: run `make docs`"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_cli_doc", ROOT / "tools" / "gen_cli_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
