"""The command as a whole: what is listed, what is refused, and with which status."""

import importlib
import platform
import sys

import pytest

from barograph.cli import main
from barograph.cli.main import COMMANDS, run
from unit.cli.commands import Commands


def test_without_arguments_the_help_is_said_on_standard_error(barograph: Commands) -> None:
    said = barograph()
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("Usage: barograph ")
    assert all(f"  {name} " in said.err for name in COMMANDS)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_a_result(barograph: Commands, flag: str) -> None:
    said = barograph(flag)
    assert (said.status, said.err) == (0, "")
    assert all(entry.summary in said.out for entry in COMMANDS.values())


def test_the_list_of_commands_imports_none_of_them(barograph: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr(importlib, "import_module", imported.append)
    assert barograph("--help").status == 0
    assert imported == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_opens_its_help_with_its_line_of_the_list(barograph: Commands, name: str) -> None:
    assert barograph(name, "--help").out.splitlines()[2].strip() == COMMANDS[name].summary


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bogus",), "no such command 'bogus'; `barograph --help` says more"),
        (("--bogus",), "no such option: --bogus"),
        (("query",), "missing argument 'EXPR'; `barograph query --help` says more"),
        (("query", "up", "--bogus"), "no such option: --bogus"),
        (("query", "up", "down"), "unexpected extra argument"),
        (("version", "--format"), "--format"),
        (("check", "bogus"), "no such command 'bogus'; `barograph check --help` says more"),
        (("check", "config"), "missing argument 'FILE'; `barograph check config --help` says more"),
        (("serve", "now"), "unexpected extra argument"),
    ],
)
def test_wrong_use_is_2_and_says_where_to_look(barograph: Commands, arguments: tuple[str, ...], said: str) -> None:
    outcome = barograph(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("barograph: ")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("group", ["check", "config"])
def test_a_group_alone_shows_its_help(barograph: Commands, group: str) -> None:
    said = barograph(group)
    assert (said.status, said.out) == (2, "")
    assert "Examples:" in said.err


def test_an_interrupt_is_130(barograph: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(platform, "platform", interrupted)
    assert barograph("version").status == 130


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(platform, "platform", broken)
    with pytest.raises(ZeroDivisionError):
        run(["version"])


def test_the_entry_point_exits_with_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["barograph", "bogus"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 2


def test_every_listed_module_is_there() -> None:
    assert all(hasattr(importlib.import_module(entry.module), "register") for entry in COMMANDS.values())
