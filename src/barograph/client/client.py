"""The door of the Python API: one class, whether a server is asked or a data folder is read.

`Client("http://127.0.0.1:10132", token).query("node_load1")`, or `Client("/var/lib/barograph")`, which reads only and
may be used while the server runs. Errors are those of the tree in `barograph.model.errors`.
"""

from pathlib import Path
from typing import Protocol, Self

import httpx

from barograph.analysis.who import By, GroupBy, Question, WhoTable
from barograph.client.answer import Answer
from barograph.client.folder import FolderSource
from barograph.client.selecting import matchers_of
from barograph.client.server import ServerSource


class _Source(Protocol):
    """What answers a client; times are Unix seconds."""

    def query(self, expression: str, at_s: float | None, *, explain: bool) -> Answer: ...

    def query_range(self, expression: str, start_s: float, end_s: float, step_s: float, *, explain: bool) -> Answer: ...

    def select(self, selector: str, start_s: float, end_s: float) -> Answer: ...

    def who(self, at_s: float | None, against_s: float | None, question: Question) -> WhoTable: ...

    def close(self) -> None: ...


class Client:
    """Asks one server, or one data folder. Close it, or use it as a context manager.

    Args:
        place: A server, such as `http://127.0.0.1:10132` (its user part, `http://x:TOKEN@...`, serves as a credential
            too), or the path of a data folder. A folder's limits are those of a server that is not configured.
        token: A token for the server, sent as Bearer.
        transport: What carries requests, where that is not the network (an application in the same process, a test).

    Raises:
        FolderError: The folder holds no store, or cannot be read.
        VersionError: The store was written by a newer program.
    """

    def __init__(self, place: str | Path, token: str = "", transport: httpx.BaseTransport | None = None) -> None:
        if isinstance(place, str) and "://" in place:
            self._source: _Source = ServerSource(place, token, transport)
        else:
            self._source = FolderSource(Path(place))

    def query(self, expression: str, at_s: float | None = None, *, explain: bool = False) -> Answer:
        """Evaluate an expression at one instant (now, where none is given).

        Raises:
            QueryError: The expression is refused; `position` is the place, where the server named one.
            ExecutionError, QueryTimeoutError, QueryCancelledError: It could not be evaluated to the end.
            AccessError: The token is missing, wrong or not enough.
            StoreError: The server is up, or the folder there, and cannot answer for now.
            LinkError: The server does not answer, or is no Barograph.
        """
        return self._source.query(expression, at_s, explain=explain)

    def query_range(
        self, expression: str, start_s: float, end_s: float, step_s: float, *, explain: bool = False
    ) -> Answer:
        """Evaluate an expression at each step from start to end, both included; times are Unix seconds.

        Raises:
            BarographError: As `query`.
        """
        return self._source.query_range(expression, start_s, end_s, step_s, explain=explain)

    def select(self, selector: str, start_s: float, end_s: float) -> Answer:
        """Return the samples themselves, from start to end, both included; stale markers are left out.

        Raises:
            BarographError: As `query`.
        """
        matchers_of(selector)
        return self._source.select(selector, start_s, end_s)

    def who(
        self,
        at_s: float | None = None,
        *,
        against_s: float | None = None,
        by: str = "cpu",
        group: str = "process",
        limit: int = 0,
    ) -> WhoTable:
        """Return who did what at an instant (now, where none is given), from the flight recorder.

        Args:
            at_s: Unix seconds; the newest sample within the minute before it is shown.
            against_s: An instant to compare with; rows are then sorted by what changed most.
            by: `cpu`, `memory`, `io` or `faults`.
            group: What a row stands for: `process`, `name`, `unit`, `container` or `user`.
            limit: At most so many rows; 0 for all that is kept.

        Raises:
            ValueError: `by` or `group` is another word.
            StoreError: Nothing is kept of that instant.
            BarographError: As `query`.
        """
        return self._source.who(at_s, against_s, Question(By(by), GroupBy(group), limit))

    def close(self) -> None:
        """Close the connection, or the files."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
