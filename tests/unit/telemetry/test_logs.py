import io
import json
import logging
from collections.abc import Iterator

import pytest

from barograph.model.secret import Secret
from barograph.telemetry.logs import RepeatLimit, configure_logging
from helpers.clock import FakeClock
from helpers.logs import untouched_logs


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    with untouched_logs():
        yield


class Output:
    """A configured root logger and what it has written."""

    def __init__(self, log_format: str = "logfmt", level: str = "info") -> None:
        self.clock = FakeClock()
        self.stream = io.StringIO()
        configure_logging(log_format, level, "keeper", self.stream, self.clock)
        self.log = logging.getLogger("barograph.ingest.ticker")

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def fields_after_time(line: str) -> str:
    return line.partition(" ")[2]


def test_a_line_says_when_how_bad_which_process_where_and_what() -> None:
    output = Output()
    output.log.warning("collector %s is late", "cpu")
    (line,) = output.lines
    assert line.startswith("ts=20")
    assert line.partition(" ")[0].endswith("Z")
    assert fields_after_time(line) == 'level=warning process=keeper logger=ingest.ticker msg="collector cpu is late"'


def test_plain_words_need_no_quotes_and_empty_ones_do() -> None:
    output = Output()
    output.log.info("ready")
    output.log.info("")
    assert [line.rpartition("msg=")[2] for line in output.lines] == ["ready", '""']


def test_nothing_in_a_message_can_begin_a_new_line_or_field() -> None:
    output = Output()
    output.log.info('a"b\\c\r\nlevel=error msg="forged"\x1b[31m\u2028x')
    (line,) = output.lines
    assert line.endswith(r'msg="a\"b\\c\r\nlevel=error msg=\"forged\"\x1b[31m\u2028x"')


def test_json_has_the_same_fields() -> None:
    output = Output("json")
    output.log.error('quotes " and\nbreaks')
    (line,) = output.lines
    fields = json.loads(line)
    assert list(fields) == ["ts", "level", "process", "logger", "msg"]
    assert fields["msg"] == 'quotes " and\nbreaks'
    assert fields["level"] == "error"


def test_less_than_the_level_is_not_written() -> None:
    output = Output(level="warning")
    output.log.info("quiet")
    output.log.warning("loud")
    assert len(output.lines) == 1


def test_an_exception_is_one_line() -> None:
    output = Output()
    try:
        raise ValueError("broken")
    except ValueError:
        output.log.exception("it failed")
    (line,) = output.lines
    assert r"\nValueError: broken" in line
    assert 'error="Traceback (most recent call last):\\n' in line


def test_exception_without_one_under_way_has_no_error_field() -> None:
    output = Output()
    output.log.error("odd", exc_info=True)
    assert "error=" not in output.lines[0]


def test_a_secret_hides_itself() -> None:
    output = Output()
    output.log.info("token %s, again %r", Secret("hunter2"), Secret("hunter2"))
    assert "hunter2" not in output.lines[0]
    assert "<secret>" in output.lines[0]


def test_configuring_again_replaces_the_first_handler() -> None:
    first = Output()
    second = Output()
    second.log.info("once")
    assert first.lines == []
    assert len(second.lines) == 1


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("logfmt", "info", "cli")
    logging.getLogger("barograph.other").info("hello")
    assert capsys.readouterr().err.endswith("process=cli logger=other msg=hello\n")


class TestRepeats:
    def test_the_same_line_passes_once_in_ten_seconds_and_then_says_how_often(self) -> None:
        output = Output()
        for _ in range(100):
            output.log.error("the disk is full")
            output.clock.advance(0.099)
        assert len(output.lines) == 1
        output.clock.advance(0.2)
        output.log.error("the disk is full")
        assert len(output.lines) == 2
        assert output.lines[1].endswith("repeated=99")
        output.clock.advance(10)
        output.log.error("the disk is full")
        assert "repeated" not in output.lines[2]

    def test_other_lines_are_not_held_back(self) -> None:
        output = Output()
        output.log.error("one")
        output.log.error("two")
        logging.getLogger("elsewhere").error("one")
        assert len(output.lines) == 3

    def test_five_different_ones_of_an_event_pass(self) -> None:
        output = Output()
        for number in range(8):
            output.log.error("collector %s failed", number)
            output.log.error("collector %s failed", number)
        assert len(output.lines) == 5
        output.clock.advance(10)
        output.log.error("collector %s failed", 0)
        assert output.lines[-1].endswith("repeated=11")

    def test_memory_is_bounded(self) -> None:
        limit = RepeatLimit(FakeClock())
        for number in range(5000):
            record = logging.LogRecord("x", logging.INFO, "", 0, f"message {number}", None, None)
            assert limit.filter(record)
        assert len(limit._windows) <= 512


def test_of_libraries_nothing_below_a_warning_is_told_for_it_may_hold_secrets() -> None:
    output = Output(level="debug")
    for name in ("urllib3.connectionpool", "barograph.notify.others", "__main__"):
        logging.getLogger(name).debug("POST /hooks/TOKEN of %s", name)
        logging.getLogger(name).warning("no answer to %s", name)
    assert [fields_after_time(line).partition("process=keeper ")[2] for line in output.lines] == [
        'logger=urllib3.connectionpool msg="no answer to urllib3.connectionpool"',
        'logger=notify.others msg="POST /hooks/TOKEN of barograph.notify.others"',
        'logger=notify.others msg="no answer to barograph.notify.others"',
        'logger=__main__ msg="POST /hooks/TOKEN of __main__"',
        'logger=__main__ msg="no answer to __main__"',
    ]
    quiet = Output(level="error")
    logging.getLogger("urllib3.connectionpool").warning("no answer")
    quiet.log.warning("late")
    assert quiet.lines == []
