"""A refusal on its way to the client: status, kind, words. What every error becomes (`errors.py` maps them)."""

from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal in Prometheus' envelope.

    Attributes:
        status: HTTP status.
        kind: Prometheus' `errorType`.
        message: What is wrong, and where it helps what to do.
        details: Further fields, such as the position in an expression.
        retry_after_s: Seconds after which a repeat makes sense, or 0.
    """

    status: int
    kind: str
    message: str
    details: dict[str, int | str] = field(default_factory=dict)
    retry_after_s: int = 0

    def body(self) -> bytes:
        """Return the JSON of the answer."""
        return orjson.dumps({"status": "error", "errorType": self.kind, "error": self.message, **self.details})
