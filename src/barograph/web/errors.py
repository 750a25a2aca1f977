"""The only map from exceptions to HTTP: status, Prometheus' `errorType`, and words."""

import logging

from barograph.model.commands import AnyReply, Refused
from barograph.model.errors import (
    AccessError,
    BarographError,
    ConfigError,
    ExecutionError,
    FormatError,
    LimitError,
    LinkError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    ResolutionError,
    StoreError,
)
from barograph.web.problem import Problem

_log = logging.getLogger(__name__)


class RequestError(BarographError):
    """A request that cannot be used: a parameter is missing or wrong, or the body too large."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (ResolutionError, 400, "bad_data"),
    (LimitError, 422, "execution"),
    (ExecutionError, 422, "execution"),
    (QueryTimeoutError, 503, "timeout"),
    (QueryCancelledError, 503, "canceled"),
    (QueryError, 400, "bad_data"),
    (FormatError, 400, "bad_data"),
    (ConfigError, 400, "bad_data"),
    (AccessError, 401, "unauthorized"),
    (StoreError, 503, "unavailable"),
    (LinkError, 503, "unavailable"),
)
"""First match wins, so the special stands before the general."""
_REFUSALS = {
    "access": (401, "unauthorized"),
    "wrong_password": (403, "forbidden"),
    "not_found": (404, "not_found"),
    "too_large": (422, "execution"),
    "busy": (503, "unavailable"),
    "too_often": (429, "unavailable"),
    "store": (503, "unavailable"),
}


def problem_of(error: Exception) -> Problem:
    """Return what a client is told of an error; one that nobody foresaw is logged, and told without its insides."""
    if isinstance(error, RequestError):
        kind = "unavailable" if error.status >= 500 else "not_found" if error.status == 404 else "bad_data"
        return Problem(status=error.status, kind=kind, message=str(error))
    for kind_of_error, status, kind in _KINDS:
        if isinstance(error, kind_of_error):
            return Problem(status=status, kind=kind, message=str(error), details=_details(error))
    _log.exception("a request failed", exc_info=error)
    return Problem(status=500, kind="internal", message=f"this part failed ({type(error).__name__}); the log has more")


def problem_of_reply(reply: AnyReply) -> Problem:
    """Return what a client is told of a command that the keeper did not carry out."""
    if not isinstance(reply, Refused):
        return Problem(status=500, kind="internal", message=f"the keeper answered with {type(reply).__name__}")
    status, kind = _REFUSALS.get(reply.kind, (400, "bad_data"))
    return Problem(status=status, kind=kind, message=reply.message)


def _details(error: Exception) -> dict[str, int | str]:
    if isinstance(error, QueryError) and error.position is not None:
        return {"position": error.position, "end": error.end or error.position + 1}
    return {}
