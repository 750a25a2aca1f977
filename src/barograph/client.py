"""The public Python API: ask a running Barograph over HTTP.

`Client("http://127.0.0.1:10132", token).query("node_load1")`. Answers are plain values; errors are those of the tree in
`barograph.model.errors`, with the place in the expression where the server named one.
"""

from dataclasses import dataclass
from typing import Any, Self

import httpx
import numpy as np

from barograph.model.errors import AccessError, LinkError, QueryError, QueryTimeoutError
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series of an answer: timestamps int64 in ms and values float64, both `[samples]`."""

    labels: Labels
    timestamps_ms: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `kind`: `vector`, `matrix`, `scalar` or `string`; a string's text is in `text`."""

    kind: str
    series: tuple[Series, ...]
    text: str = ""
    warnings: tuple[str, ...] = ()


class Client:
    """Asks one server. Close it, or use it as a context manager."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # a proxy of the environment is for the world, and this server is usually on the same machine
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)

    def query(self, expression: str, at_s: float | None = None) -> Answer:
        """Evaluate an expression at one instant (now, where none is given).

        Raises:
            QueryError: The expression is refused.
            AccessError: The token is missing or wrong.
            LinkError: The server does not answer.
        """
        form = {"query": expression} | ({} if at_s is None else {"time": repr(at_s)})
        return self._ask("/api/v1/query", form)

    def query_range(self, expression: str, start_s: float, end_s: float, step_s: float) -> Answer:
        """Evaluate an expression at each step from start to end, both included; times are Unix seconds.

        Raises:
            QueryError, AccessError, LinkError: As `query`.
        """
        form = {"query": expression, "start": repr(start_s), "end": repr(end_s), "step": repr(step_s)}
        return self._ask("/api/v1/query_range", form)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, path: str, form: dict[str, str]) -> Answer:
        try:
            response = self._http.post(path, data=form)
            body = response.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LinkError(f"{self._http.base_url} does not answer: {error}") from error
        except ValueError as error:
            raise LinkError(f"{self._http.base_url} is no Barograph: its answer is no JSON") from error
        if response.is_success:
            return _answer(body)
        raise _error(response.status_code, body)


def _error(status: int, body: dict[str, Any]) -> Exception:
    message = str(body.get("error", f"the server answered {status}"))
    if status in (401, 403, 421, 429):
        return AccessError(message)
    if body.get("errorType") == "timeout":
        return QueryTimeoutError(message)
    return QueryError(message, body.get("position"), body.get("end"))


def _answer(body: dict[str, Any]) -> Answer:
    kind, result = body["data"]["resultType"], body["data"]["result"]
    warnings = (*body.get("warnings", ()), *body.get("infos", ()))
    if kind == "string":
        return Answer(kind, (), str(result[1]), warnings)
    if kind == "scalar":
        return Answer(kind, (_series({}, [result]),), warnings=warnings)
    rows = [_series(row["metric"], row["values"] if "values" in row else [row["value"]]) for row in result]
    return Answer(kind, tuple(rows), warnings=warnings)


def _series(labels: dict[str, str], points: list[tuple[float, str]]) -> Series:
    times = np.array([round(at * 1000) for at, _ in points], dtype=np.int64)
    return Series(Labels.from_mapping(labels), times, np.array([float(text) for _, text in points], dtype=np.float64))
