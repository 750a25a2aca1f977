"""What failures say and exit with."""

import pytest

from barograph.cli.failure import CommandError, report_failure, require_format, status_of
from barograph.model.errors import (
    AccessError,
    BarographError,
    ConfigError,
    ExecutionError,
    LimitError,
    LinkError,
    ParseError,
    QueryTimeoutError,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CommandError("x"), 1),
        (CommandError("x", 2), 2),
        (ConfigError("x"), 2),
        (ParseError("x", 1), 2),
        (ExecutionError("x"), 1),
        (LimitError("series", 2, 1, "query.max_series"), 1),
        (QueryTimeoutError("x"), 1),
        (AccessError("x"), 1),
        (LinkError("x"), 1),
    ],
)
def test_what_was_written_wrong_is_2_and_what_is_not_so_is_1(error: BarographError, status: int) -> None:
    assert status_of(error) == status


def test_a_failure_is_said_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(ConfigError("is bad", file="a.yml", line=3, path="web")) == 2
    assert capsys.readouterr() == ("", "barograph: a.yml:3:1: web: is bad\n")


def test_a_flag_is_not_called_a_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    report_failure(ConfigError("unknown flag --x"))
    assert capsys.readouterr().err == "barograph: unknown flag --x\n"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        report_failure(ZeroDivisionError())


def test_a_format_is_one_of_those_there_are() -> None:
    require_format("json", ("text", "json"))
    with pytest.raises(CommandError, match="--format xml: one of text, json is expected") as caught:
        require_format("xml", ("text", "json"))
    assert caught.value.status == 2


def test_a_servers_words_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(LinkError("\x1b[2Jgone\n  ^")) == 1
    assert capsys.readouterr().err == "barograph: \\x1b[2Jgone\n  ^\n"
