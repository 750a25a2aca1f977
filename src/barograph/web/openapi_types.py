"""What the API's description says of types: of parameters, bodies and answers. Used by `openapi.py` alone.

A test asks every route what is written here and compares (tests/e2e/test_openapi.py).
"""

from typing import Any

from barograph.web.routes import Route

Schema = dict[str, Any]
_WHOLE = frozenset(("limit", "before", "offset", "per_minute", "timestamp"))
_REPEATING = frozenset(("scope", "expr", "matcher", "part", "kind"))
_CHOICES = {
    "role": ("viewer", "operator", "editor", "admin"),
    "scope": ("read", "write", "acknowledge", "admin"),
    "state": ("active", "dropped", "any"),
}
_BODIES = {
    "/api/v1/import": ("application/json", "application/stream+json"),
    "/api/v1/import/csv": ("text/csv",),
    "/api/v1/import/prometheus": ("text/plain", "application/openmetrics-text"),
}
_TEXT = {"type": "string"}
_SUCCESSES: dict[str, tuple[str, dict[str, Schema]]] = {
    "/-/healthy": ("200", {"text/plain": _TEXT}),
    "/-/ready": ("200", {"text/plain": _TEXT}),
    "/metrics": ("200", {"text/plain": _TEXT}),
    "/federate": ("200", {"text/plain": _TEXT}),
    "/api/v1/export": ("200", {"application/stream+json": _TEXT, "application/openmetrics-text": _TEXT}),
    "/api/v1/export/csv": ("200", {"text/csv": _TEXT}),
    "/api/barograph/v1/live": ("200", {"text/event-stream": _TEXT}),
    "/api/barograph/v1/alerts/stream": ("200", {"text/event-stream": _TEXT}),
    "/api/openapi.json": ("200", {"application/json": {"type": "object", "required": ["openapi", "paths"]}}),
    "/api/v1/admin/tsdb/delete_series": ("204", {}),
    "/api/v1/admin/tsdb/clean_tombstones": ("204", {}),
}
_DONE: Schema = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"const": "success"},
        "data": {},
        "warnings": {"type": "array", "items": _TEXT},
        "infos": {"type": "array", "items": _TEXT},
    },
}
_REFUSALS = {
    "400": "Something in the request cannot be used.",
    "401": "Nobody is logged in, or what was brought is wrong.",
    "403": "The role or the token's scope may not do this, or the request comes from another place.",
    "421": "This server does not go by that name.",
    "429": "Too often; says when to come again.",
    "431": "The headers are too large.",
    "503": "Not at this moment; says why.",
}
_OF_BODIES = {
    "408": "The body did not come in time.",
    "413": "The body is too large.",
    "415": "The body is of a type, or in an encoding, that is not read.",
}


def parameter_schema(name: str, text: str) -> Schema:
    """Return the type of a parameter."""
    inner: Schema = {"type": "string"}
    if name in _CHOICES:
        inner["enum"] = list(_CHOICES[name])
    if name in _WHOLE:
        inner = {"type": "integer", "minimum": 0}
    if name.endswith("[]") or name in _REPEATING or "repeats" in text:
        return {"type": "array", "items": inner}
    return inner


def body_content(template: str) -> dict[str, Any]:
    """Return the bodies that a route takes beside forms, by their type."""
    return {kind: {"schema": _TEXT} for kind in _BODIES.get(template, ())}


def answers(route: Route, method: str) -> dict[str, Any]:
    """Return what a route answers, by status."""
    status, content = _SUCCESSES.get(route.template, ("200", {"application/json": _DONE}))
    done: Schema = {"description": "Done."}
    if content:
        done["content"] = {kind: {"schema": schema} for kind, schema in content.items()}
    found = {status: done} | {code: _refusal(words) for code, words in _REFUSALS.items()}
    if route.role is None:
        del found["401"], found["429"]
    if route.template == "/-/ready":
        found["503"] = {"description": "No samples yet.", "content": {"text/plain": {"schema": _TEXT}}}
    if route.template == "/-/healthy":
        found["503"] = {"description": "A part hangs or has died.", "content": {"text/plain": {"schema": _TEXT}}}
    if method in ("POST", "PUT"):
        found |= {code: _refusal(words) for code, words in _OF_BODIES.items()}
    if route.template.startswith("/api/"):
        found["404"] = _refusal("There is no such thing.")
        found["422"] = _refusal("It is understood, and too much, or without an answer.")
    return found


def _refusal(words: str) -> Schema:
    return {"description": words, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
