"""Plain ASGI answers, for the hot routes and the guard, which stand before the framework."""

from barograph.web.parameters import Send
from barograph.web.problem import Problem

JSON = b"application/json"
Headers = list[tuple[bytes, bytes]]


async def send_body(send: Send, status: int, content_type: bytes, body: bytes, headers: Headers | None = None) -> None:
    """Send a whole answer."""
    fields = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def send_problem(send: Send, problem: Problem, headers: Headers | None = None) -> None:
    """Send a refusal in Prometheus' envelope."""
    fields = list(headers or [])
    if problem.retry_after_s:
        fields.append((b"retry-after", b"%d" % problem.retry_after_s))
    await send_body(send, problem.status, JSON, problem.body(), fields)
