"""The error tree.

```
BarographError
├── FormatError(offset)          bytes or text that are not what they claim to be
│   └── LineError(line)          a line of a text of many, named by its number
├── StoreError                   the embedded store refuses or cannot
│   ├── CorruptError             a checksum does not hold; the block is a gap
│   ├── ReadOnlyError            the disk is full or failing; collection goes on from memory
│   ├── VersionError             a file of a newer format, or an SQLite that is too old
│   └── FolderError              the data folder cannot be used: held, not writable, on a network file system
├── QueryError                   an expression or its evaluation is refused
│   ├── ParseError(position)     the text is no PromQL; the position points at the character
│   ├── TypeMismatchError(position)  a vector where a scalar must be, or the like
│   ├── ExecutionError           labels collide, many-to-many matching: known only with data
│   ├── LimitError(limit, value, setting)  a budget is exceeded
│   │   └── ResolutionError      a range query has too many steps
│   ├── QueryTimeoutError
│   └── QueryCancelledError
├── BudgetError(what, found)     a selection would be more than whoever asked allows
├── ConfigError(path, line)      a configuration that cannot be used
├── TemplateError(line, column)  a template of labels or annotations is malformed, or could not be carried out
├── CollectError                 a collector failed; counted, backed off, tried again
│   └── NoDataError              the kernel or host has no such thing: quiet, no failure
│       └── DeniedError          it may have, but this user may not read it
├── AlertError                   what was asked of an alert or a silence does not fit it
├── AccessError                  a credential is missing, wrong or not enough
└── LinkError                    the other process is gone or does not speak our protocol
```

Raise with facts, wrap with `from`, catch only where something is decided. HTTP status is decided in `web/errors.py`
only.
"""


class BarographError(Exception):
    """The root of every error that Barograph raises on purpose."""


class FormatError(BarographError):
    """Bytes or text that are not what they claim to be."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message if offset is None else f"{message} (at offset {offset})")
        self.offset = offset or 0


class LineError(FormatError):
    """A line, counted from 1, that is not of its format, or says what cannot be."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class StoreError(BarographError):
    """The embedded store refuses or cannot."""


class CorruptError(StoreError):
    """A checksum does not hold: what it covers is treated as a gap."""


class ReadOnlyError(StoreError):
    """The store takes no writes for now (disk full or failing)."""


class VersionError(StoreError):
    """A file was written by a newer format, or the SQLite library is too old to be trusted."""


class FolderError(StoreError):
    """The data folder cannot be used: held by another process, not writable, or on a network file system."""


class QueryError(BarographError):
    """An expression, or its evaluation, is refused.

    Args:
        message: What is wrong, without the place.
        position: Offset in characters into the expression text, or None where no place is to blame.
        end: Offset after the last character to blame.
    """

    def __init__(self, message: str, position: int | None = None, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.end = end if end is not None or position is None else position + 1


class ParseError(QueryError):
    """The text is no PromQL."""


class TypeMismatchError(QueryError):
    """An operand or argument has the wrong type."""


class ExecutionError(QueryError):
    """Found only with the data at hand: colliding labels, many-to-many matching, a bad argument value."""


class LimitError(QueryError):
    """A budget is exceeded; the message names the limit, the value and the setting that changes it."""

    def __init__(self, limit: str, value: float, maximum: float, setting: str) -> None:
        super().__init__(
            f"query refused: {value:,.0f} {limit}, more than {maximum:,.0f}; raise {setting} or ask for less"
        )
        self.limit = limit
        self.value = value
        self.maximum = maximum
        self.setting = setting


class ResolutionError(LimitError):
    """A range query has more steps than one may have."""


class BudgetError(BarographError):
    """A selection would be more than whoever asked allows.

    Args:
        what: `samples` or `series`.
        found: How many it would be, at least.
    """

    def __init__(self, what: str, found: int) -> None:
        super().__init__(f"a selection of {found:,} {what} was not read: it is more than was allowed")
        self.what = what
        self.found = found


class QueryTimeoutError(QueryError):
    """The evaluation took longer than its limit."""


class QueryCancelledError(QueryError):
    """Whoever asked is gone."""


class ConfigError(BarographError):
    """A configuration that cannot be used.

    Args:
        message: What was found and what was expected.
        file: The file's name as the user gave it, or "" (environment, flags).
        line: 1-based line, 0 where unknown.
        column: 1-based column, 0 where unknown.
        path: The key's path, such as `web.listen[0]`.
    """

    def __init__(self, message: str, *, file: str = "", line: int = 0, column: int = 0, path: str = "") -> None:
        place = ":".join([file or "configuration", *([str(line), str(column or 1)] if line else [])])
        super().__init__(f"{place}: {path + ': ' if path else ''}{message}")
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.path = path


class TemplateError(BarographError):
    """A template is malformed, or could not be carried out.

    Args:
        message: What Prometheus says in such a case, place included.
        line: 1-based line in the template's text, 0 where unknown.
        column: 1-based column in characters, 0 where unknown.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class CollectError(BarographError):
    """A collector could not make its sample."""


class NoDataError(CollectError):
    """The kernel or the host has no such thing: nothing failed and nothing is there."""


class DeniedError(NoDataError):
    """What a collector reads is another user's: nothing failed, and a privilege would add it."""


class AlertError(BarographError):
    """What was asked of an alert or a silence does not fit what it is."""


class AccessError(BarographError):
    """A credential is missing, wrong, expired or not enough."""


class LinkError(BarographError):
    """The other process is gone, or does not speak our protocol."""
