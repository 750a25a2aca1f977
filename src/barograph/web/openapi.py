"""The API's description (OpenAPI 3.1), made from the route table, so that it cannot lag behind it."""

import re
from typing import Any

from barograph.web.openapi_types import answers, body_content, parameter_schema
from barograph.web.routes import ROUTES, Route

_EXPRESSION = (("query", True, "The expression."),)
_LIMIT = ("limit", False, "At most so many; 0 for all.")
_SPAN = (("start", False, "From."), ("end", False, "To."))
_SKIP_BAD = ("skip_bad", False, "1: leave out bad lines and count them, instead of refusing the body.")
_TIMESTAMP = ("timestamp", False, "In ms, of samples without one; now where absent.")
_RANGE = (("start", False, "From."), ("end", False, "To."), _LIMIT)
_PAGE = ("limit", False, "At most so many; 100 where absent, 500 at most.")
_MATCHER = ("matcher", True, 'Such as instance="atlas"; repeats.')
_HOLDING = (
    ("until", False, "Until when: a time, or a duration; until it is resolved where absent."),
    ("reason", False, "Why; needed where it lasts longer than 2 hours."),
    ("sticky", False, "true: not broken when it gets worse."),
)
_PARAMETERS: dict[str, tuple[tuple[str, bool, str], ...]] = {
    "/api/v1/query": (
        ("query", True, "The expression."),
        ("time", False, "The instant, Unix seconds or RFC 3339; now where absent."),
        ("timeout", False, "A shorter time limit."),
        ("lookback_delta", False, "Another lookback."),
        ("stats", False, "Anything: what the query cost, and which tiers answered."),
        _LIMIT,
    ),
    "/api/v1/query_range": (
        ("query", True, "The expression."),
        ("start", True, "First instant."),
        ("end", True, "Last instant, included."),
        ("step", True, "Seconds or a duration."),
        ("timeout", False, "A shorter time limit."),
        ("lookback_delta", False, "Another lookback."),
        ("stats", False, "Anything: what the query cost, and which tiers answered."),
        _LIMIT,
    ),
    "/api/v1/import": (_SKIP_BAD,),
    "/api/v1/import/csv": (("format", False, "What the columns are; a header where absent."), _TIMESTAMP, _SKIP_BAD),
    "/api/v1/import/prometheus": (_TIMESTAMP, _SKIP_BAD),
    "/api/v1/export": (
        ("match[]", False, "Selectors; every series where absent."),
        *_SPAN,
        ("format", False, "jsonl or openmetrics."),
    ),
    "/api/v1/export/csv": (("match[]", False, "Selectors; every series where absent."), *_SPAN),
    "/api/v1/labels": (("match[]", False, "Selectors."), *_RANGE),
    "/api/v1/label/{name}/values": (("match[]", False, "Selectors."), *_RANGE),
    "/api/v1/series": (("match[]", True, "Selectors."), *_RANGE),
    "/api/v1/metadata": (("metric", False, "One metric's name."), _LIMIT),
    "/api/v1/format_query": _EXPRESSION,
    "/api/v1/parse_query": _EXPRESSION,
    "/api/v1/query_exemplars": (*_EXPRESSION, ("start", False, "From."), ("end", False, "To.")),
    "/api/v1/rules": (
        ("type", False, "alert or record."),
        ("rule_name[]", False, "Rules of these names."),
        ("rule_group[]", False, "Groups of these names."),
        ("file[]", False, "Groups of these files."),
        ("match[]", False, "Selectors of rules by their labels."),
        ("exclude_alerts", False, "true: rules without their alerts."),
        ("group_limit", False, "The most groups of an answer."),
        ("group_next_token", False, "Where the next answer begins, as the one before said."),
    ),
    "/api/v1/targets": (
        ("state", False, "active, dropped or any."),
        ("scrapePool", False, "One pool's name."),
    ),
    "/api/v1/targets/metadata": (
        ("match_target", False, "A selector of targets by their labels."),
        ("metric", False, "One metric's name."),
        _LIMIT,
    ),
    "/api/v1/status/tsdb": (("limit", False, "How many of each; 10 where absent, at most 10000."),),
    "/api/v1/admin/tsdb/delete_series": (
        ("match[]", True, "Selectors."),
        ("start", False, "From."),
        ("end", False, "To."),
    ),
    "/federate": (("match[]", True, "Selectors."),),
    "/api/barograph/v1/processes": (
        ("at", False, "The instant, Unix seconds or RFC 3339; now where absent."),
        ("against", False, "An instant to compare with."),
        ("by", False, "cpu (where absent), memory, io or faults."),
        ("group", False, "What a row is: process (where absent), name, unit, container or user."),
        ("or_null", False, "true: what is not recorded is null in the answer; else it is refused with 404."),
        _LIMIT,
    ),
    "/api/barograph/v1/processes/{pid}": (
        ("began", True, "When the process started, as `start` of its row says."),
        ("start", True, "From."),
        ("end", True, "To, at most an hour later."),
    ),
    "/api/barograph/v1/events": (
        ("start", False, "From; a day before the end where absent."),
        ("end", False, "To, at most two days later; now where absent."),
        ("host", False, "The `instance` label of its series; this host where absent."),
        _LIMIT,
    ),
    "/api/barograph/v1/live": (("expr", True, "An expression; repeat for more."),),
    "/login": (("code", True, "The code of a log-in link."),),
    "/api/barograph/v1/me/password": (
        ("old_password", False, "The password so far, where there is one."),
        ("password", True, "The new one."),
    ),
    "/api/barograph/v1/users": (
        ("name", True, "The user."),
        ("role", False, "viewer, operator, editor or admin; viewer where absent."),
        ("password", False, "Without one the user comes in by log-in links alone."),
    ),
    "/api/barograph/v1/users/{name}": (
        ("role", False, "Another role."),
        ("password", False, "Another password; it ends the user's sessions."),
    ),
    "/api/barograph/v1/login-links": (("user", False, "The user; the local administrator where absent."),),
    "/api/barograph/v1/tokens": (
        ("name", True, "What it is for."),
        ("scope", True, "read, write, acknowledge or admin; repeats."),
        ("expires", False, "A duration, or never; 90d where absent."),
        ("per_minute", False, "Requests a minute; 6000 where absent."),
    ),
    "/api/barograph/v1/alerts": (
        ("part", False, "needs, acknowledged, silenced or pending; repeats; all where absent."),
        ("match[]", False, "A matcher of labels; repeats."),
        ("assignee", False, "Only those of somebody."),
        ("offset", False, "How many are left out."),
        _PAGE,
    ),
    "/api/barograph/v1/alerts/history": (
        ("alert", False, "Of one alert."),
        ("kind", False, "Of one kind, such as fired or acknowledged; repeats."),
        *_SPAN,
        ("before", False, "Only what stands behind the transition of this number."),
        _PAGE,
        ("counts", False, "0: without counts and times, which cost more than a page."),
    ),
    "/api/barograph/v1/alerts/ack": (("id", True, "An alert's number; repeats."), *_HOLDING),
    "/api/barograph/v1/alerts/unack": (("id", True, "An alert's number; repeats."),),
    "/api/barograph/v1/alerts/{id}/ack": _HOLDING,
    "/api/barograph/v1/alerts/{id}/assign": (("to", False, "Who is to look after it; nobody where empty."),),
    "/api/barograph/v1/alerts/{id}/comment": (("text", True, "What is to be said."),),
    "/api/barograph/v1/silences": (("ended", False, "1: ended ones too."), _PAGE),
    "/api/barograph/v1/silences/preview": (_MATCHER,),
    "/api/barograph/v1/silences/add": (
        _MATCHER,
        ("reason", True, "Why."),
        ("starts", False, "From when on; now where absent."),
        ("ends", False, "Until when: a time, or a duration from the start."),
        ("until_resolved", False, "true: until nothing that it matches fires any more."),
        ("windows", False, "Recurring times, as JSON, with the keys of a time interval."),
        ("id", False, "A name for it, so that a request may be repeated."),
    ),
    "/api/barograph/v1/deliveries": (
        ("alert", False, "Of messages about one alert."),
        ("receiver", False, "To one receiver."),
        ("before", False, "Only attempts before this number."),
        _PAGE,
    ),
    "/api/barograph/v1/audit": (_LIMIT, ("before", False, "Only lines before this number.")),
}
_ONLY_POSTED = frozenset(f"/api/barograph/v1/{rest}" for rest in ("users", "users/{name}", "tokens"))
"""Routes whose other methods take no parameters."""
_ERROR = {
    "type": "object",
    "required": ["status", "errorType", "error"],
    "properties": {
        "status": {"const": "error"},
        "errorType": {"type": "string"},
        "error": {"type": "string"},
        "position": {"type": "integer", "description": "Where in the expression, in characters from 0."},
        "end": {"type": "integer", "description": "After the last character to blame."},
    },
}


def describe(version: str) -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Barograph",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "session": {"type": "apiKey", "in": "cookie", "name": "barograph_session"},
            },
        },
        "paths": {route.template: _path(route) for route in ROUTES if not route.page},
    }


def _path(route: Route) -> dict[str, Any]:
    return {method.lower(): _operation(route, method) for method in route.methods}


def _operation(route: Route, method: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", route.template)
    ]
    given = _PARAMETERS.get(route.template, ())
    if route.template in _ONLY_POSTED and method != "POST":
        given = ()
    operation: dict[str, Any] = {
        "summary": route.summary,
        "security": [] if route.role is None else [{"bearer": []}, {"basic": []}, {"session": []}],
        "responses": answers(route, method),
    }
    content = body_content(route.template)
    if method == "POST" and given and not content:
        properties = {name: {**parameter_schema(name, text), "description": text} for name, _, text in given}
        schema = {"type": "object", "properties": properties, "required": [n for n, needed, _ in given if needed]}
        content = {"application/x-www-form-urlencoded": {"schema": schema}}
    else:
        parameters += [_in_query(name, needed, text) for name, needed, text in given]
    if content and method == "POST":
        operation["requestBody"] = {"required": True, "content": content}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _in_query(name: str, needed: bool, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": needed,
        "description": text,
        "schema": parameter_schema(name, text),
    }
