"""The help of every command: it shows, it names every option, and its examples are command lines that parse."""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from barograph.cli.main import COMMANDS, build, run


def _commands() -> Iterator[tuple[str, ...]]:
    """Every command line that has a help: the root, groups and commands."""
    yield ()
    for name in COMMANDS:
        root = typer.main.get_command(build(name))
        assert isinstance(root, TyperGroup)
        command = root.commands[name]
        yield (name,)
        if isinstance(command, TyperGroup):
            yield from ((name, inner) for inner in command.commands)


_ALL = tuple(_commands())


def shown(*arguments: str) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        assert run([*arguments, "--help"]) == 0
    return output.getvalue()


def examples(text: str) -> list[list[str]]:
    below = text.partition("Examples:\n")[2]
    return [shlex.split(line) for line in below.splitlines() if line.strip()]


@pytest.mark.parametrize("path", _ALL, ids=" ".join)
def test_a_help_has_two_examples_of_its_own_command(path: tuple[str, ...]) -> None:
    found = examples(shown(*path))
    assert len(found) >= 2
    for words in found:
        assert words[: 1 + len(path)] == ["barograph", *path]


@pytest.mark.parametrize("path", _ALL, ids=" ".join)
def test_a_help_opens_with_its_usage_and_fits_a_terminal(path: tuple[str, ...]) -> None:
    text = shown(*path)
    assert text.startswith(f"Usage: {' '.join(['barograph', *path])} ")
    wrapped = text.partition("Examples:\n")[0]  # an example is one line, to be copied
    assert max(map(len, wrapped.splitlines())) <= 80
    # nothing of the markup that only a renderer would take away
    assert not re.search(r"\[/?(bold|dim|red)\]|\\b|\x08", text)


@pytest.mark.parametrize("path", _ALL, ids=" ".join)
def test_options_of_examples_exist(path: tuple[str, ...]) -> None:
    for words in examples(shown(*path)):
        inner = tuple(words[1:3]) if tuple(words[1:3]) in _ALL else (words[1],)
        options = shown(*inner).partition("Examples:\n")[0]
        for word in words[2:]:
            option = word.partition("=")[0]
            if option.startswith("--") and not option.startswith(("--collector.", "--no-collector.")):
                assert f"{option} " in options, f"{option} of an example is not in the help of {' '.join(inner)}"


def test_the_short_form_is_the_long_one() -> None:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        assert run(["query", "-h"]) == 0
    assert output.getvalue() == shown("query")


def test_every_command_is_listed_with_a_summary_that_is_not_cut() -> None:
    text = shown()
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.summary)}$", text, re.MULTILINE), name
