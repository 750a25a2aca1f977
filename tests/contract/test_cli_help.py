"""Every command explains itself, with two examples that its own parser accepts; docs/cli.md is what they say."""

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


def _paths() -> Iterator[tuple[str, ...]]:
    """Every command and group, as its words."""
    yield ()
    for name in COMMANDS:
        yield (name,)
        command: Any = typer.main.get_command(build(name))
        yield from ((name, inner) for inner in getattr(command.commands[name], "commands", ()))


PATHS = list(_paths())


def _help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    assert run([*path, "--help"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def _examples(text: str) -> list[str]:
    return [line.strip() for line in text.partition("Examples:\n")[2].splitlines() if line.strip()]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help_with_two_examples(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    examples = _examples(_help(path, capsys))
    assert len(examples) == 2
    assert all(shlex.split(example)[: len(path) + 1] == ["barograph", *path] for example in examples)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_an_examples_flags_are_there(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    for example in _examples(_help(path, capsys)):
        words = shlex.split(example.partition(" > ")[0].partition(" | ")[0])[1:]
        command = typer.main.get_command(build(words[0]))
        context = command.make_context("barograph", words)
        inner, inner_context = command, context
        while hasattr(inner, "commands"):
            arguments = [*inner_context._protected_args, *inner_context.args]
            _, inner, rest = inner.resolve_command(inner_context, arguments)
            inner_context = inner.make_context(inner.name, rest, parent=inner_context)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_option_says_what_it_does(path: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(build(path[0] if path else ""))
    for name in path:
        command = command.commands[name]
    for parameter in command.params:
        assert getattr(parameter, "help", None), parameter.name


def test_no_line_of_help_is_wider_than_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for path in PATHS:
        assert max(len(line) for line in _help(path, capsys).splitlines()) <= 80, path


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_cli_doc", ROOT / "tools" / "gen_cli_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_commands_say() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == _generator().page(), (
        "docs/cli.md is not up to date: run `make docs`"
    )
