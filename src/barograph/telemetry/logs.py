"""Logging: one line an event on standard error, as logfmt or JSON; line breaks escaped, repeats limited.

Called once by each process's start (`app`) and by the command line.
"""

import json
import logging
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

from barograph.model.clock import Clock, SystemClock

FORMATS = ("logfmt", "json")
LEVELS = ("debug", "info", "warning", "error")
_OURS = ("barograph", "__main__")
"""Our loggers; a process's own module is called by the second."""
_REPEAT_WINDOW_S = 10.0
_MAX_DISTINCT = 5
_MAX_REMEMBERED = 512


def configure_logging(
    log_format: str, level: str, process: str, stream: TextIO | None = None, clock: Clock | None = None
) -> None:
    """Send the root logger's records to `stream` (standard error).

    Args:
        log_format: `logfmt` or `json`.
        level: `debug`, `info`, `warning` or `error`; of libraries warnings and errors at most.
        process: Stands in each line: `keeper`, `front` or `cli`.
        stream: Where to.
        clock: Measures repeats.
    """
    output = logging.StreamHandler(stream or sys.stderr)
    output.setFormatter(JsonFormatter(process) if log_format == "json" else LogfmtFormatter(process))
    output.addFilter(RepeatLimit(clock or SystemClock()))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(output)
    # below warnings, libraries write whole requests, with what is secret in their addresses
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    for ours in _OURS:
        logging.getLogger(ours).setLevel(level.upper())


class LogfmtFormatter(logging.Formatter):
    """`ts=... level=info process=keeper logger=app.keeper msg="..."`; nothing can begin a new line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return " ".join(f"{key}={_logfmt_value(value)}" for key, value in _fields(record, self._process).items())


class JsonFormatter(logging.Formatter):
    """The same fields as one JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return json.dumps(_fields(record, self._process), ensure_ascii=False)


@dataclass(slots=True)
class _Window:
    """What passed of one event in its ten seconds."""

    began_s: float
    passed: set[str] = field(default_factory=set)
    left_out: int = 0


class RepeatLimit(logging.Filter):
    """Lets the same line through once in ten seconds; the next one through says how many were left out.

    Lines that differ only in their arguments are one event, of which five different ones pass in that time: three
    collectors that fail at once are three facts, but a counter in a message does not make it news.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter`. An event is the same where logger and message template are.

        A record with `every_line` always passes: whoever logs it bounds it, and each is needed.
        """
        if getattr(record, "every_line", False):
            return True
        key, arguments = (record.name, str(record.msg)), str(record.args)
        now_s = self._clock.monotonic_s()
        with self._lock:
            window = self._windows.get(key)
            if window is None or now_s - window.began_s >= _REPEAT_WINDOW_S:
                left_out = window.left_out if window else 0
                if len(self._windows) >= _MAX_REMEMBERED:
                    self._windows.clear()
                self._windows[key] = _Window(now_s, {arguments})
                if left_out:
                    record.repeated = left_out
                return True
            if arguments in window.passed or len(window.passed) >= _MAX_DISTINCT:
                window.left_out += 1
                return False
            window.passed.add(arguments)
            return True


def _fields(record: logging.LogRecord, process: str) -> dict[str, str]:
    fields = {
        "ts": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "process": process,
        "logger": record.name.removeprefix("barograph."),
        "msg": record.getMessage(),
    }
    repeated = getattr(record, "repeated", 0)
    if repeated:
        fields["repeated"] = str(repeated)
    if record.exc_info and record.exc_info[0] is not None:
        fields["error"] = logging.Formatter().formatException(record.exc_info)
    return fields


def _logfmt_value(value: str) -> str:
    """Quote where logfmt needs it; control characters become escapes, so that a value stays on its line."""
    if value and value.isprintable() and not any(character in value for character in ' "='):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in escaped)
    return f'"{escaped}"'
