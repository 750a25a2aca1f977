"""The functions that a template may call: a literal table, of Go's text/template and of Prometheus' own.

Each takes the rendering's `Context` and its arguments, whose types the compiler has checked. What goes wrong is a
`ValueError`, worded as Go or Prometheus do.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from barograph.model.errors import BarographError, TemplateError
from barograph.model.units import Duration
from barograph.templates import humanize, patterns, quoting
from barograph.templates.budget import Budget
from barograph.templates.comparing import equal, is_less, is_less_or_equal
from barograph.templates.elements import element, length, part
from barograph.templates.hosts import strip_domain, strip_port
from barograph.templates.printing import print_formatted, print_line, print_values
from barograph.templates.values import (
    AnyMap,
    QuerySample,
    Span,
    Value,
    is_true,
    type_name,
)

ANY: tuple[type, ...] = ()
"""The type of a parameter that takes everything."""
_STRING = (str,)
_SAMPLES = (list,)
_SAMPLE = (QuerySample,)
_DIGITS = r"[0-9](?:_?[0-9])*"
_FLOAT = re.compile(
    rf"[+-]?(?:(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:e[+-]?{_DIGITS})?|inf(?:inity)?)|nan", re.IGNORECASE
)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_WORD = re.compile(r"\w+(?:['.:·’]\w+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What one rendering gives its functions."""

    budget: Budget
    query: Callable[[str], Sequence[QuerySample]]
    at_s: float
    """The instant of the evaluation, seconds since the Unix epoch."""
    external_url: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the types of its parameters, and of any further ones (None: there are none)."""

    call: Callable[..., Value]
    parameters: tuple[tuple[type, ...], ...]
    rest: tuple[type, ...] | None = None


def _number(value: Value) -> float:
    if isinstance(value, bool):
        raise ValueError("can't convert bool to float")
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        if _FLOAT.fullmatch(value):
            return float(value)
        if _HEX_FLOAT.fullmatch(value):
            return float.fromhex(value)
        raise ValueError(f"strconv.ParseFloat: parsing {quoting.quote(value)}: invalid syntax")
    if isinstance(value, Span):
        return value.ns / 1e9
    raise ValueError(f"can't convert {type_name(value) if value is not None else '<nil>'} to float")


def _numeric(change: Callable[[float], Value]) -> Function:
    return Function(lambda _, value: change(_number(value)), (ANY,))


def _textual(change: Callable[[str], Value]) -> Function:
    return Function(lambda _, text: change(text), (_STRING,))


def _query(context: Context, text: str) -> Value:
    context.budget.take_query()
    try:
        samples = list(context.query(text))
    except TemplateError:
        raise
    except BarographError as error:
        raise ValueError(str(error)) from error
    context.budget.spend(len(samples))
    return samples


def _first(_: Context, samples: Sequence[QuerySample] | None) -> Value:
    if not samples:
        raise ValueError("first() called on vector with no elements")
    return samples[0]


def _sorted(context: Context, label: str, samples: Sequence[QuerySample] | None) -> Value:
    context.budget.spend(len(samples or ()))
    return sorted(samples or (), key=lambda sample: sample.labels.get(label, ""))


def _given(sample: QuerySample | None) -> QuerySample:
    if sample is None:
        raise ValueError("runtime error: invalid memory address or nil pointer dereference")
    return sample


def _args(_: Context, *values: Value) -> Value:
    return AnyMap({f"arg{number}": value for number, value in enumerate(values)})


def _seconds(text: str) -> float:
    try:
        return Duration.parse(text).seconds
    except ValueError as error:
        raise ValueError(f"not a valid duration string: {quoting.quote(text)}") from error


def _title(text: str) -> str:
    return _WORD.sub(lambda found: _capital(found[0]), text)


def _capital(word: str) -> str:
    place = next((place for place, letter in enumerate(word) if letter.isalpha()), 0)
    return word[:place] + word[place].title() + word[place + 1 :]


def _link(expression: str, tab: int) -> str:
    return f"/graph?g0.expr={quoting.url_query(expression)}&g0.tab={tab}"


def _path_prefix(context: Context) -> str:
    try:
        return urlsplit(context.external_url).path
    except ValueError:
        return ""


def _printed(change: Callable[[str], str]) -> Function:
    return Function(lambda context, *values: change(print_values(context.budget, values)), (), ANY)


def _call(_: Context, value: Value, *__: Value) -> Value:
    raise ValueError("call of nil" if value is None else f"non-function of type {type_name(value)}")


def _refuse_shortcut(*_: Value) -> Value:
    raise AssertionError("the compiler evaluates and, or")


FUNCTIONS: Mapping[str, Function] = {
    # Go's
    "and": Function(_refuse_shortcut, (ANY,), ANY),
    "or": Function(_refuse_shortcut, (ANY,), ANY),
    "not": Function(lambda _, value: not is_true(value), (ANY,)),
    "call": Function(_call, (ANY,), ANY),
    "index": Function(lambda _, item, *keys: element(item, keys), (ANY,), ANY),
    "len": Function(lambda _, item: length(item), (ANY,)),
    "slice": Function(lambda _, item, *bounds: part(item, bounds), (ANY,), ANY),
    "print": Function(lambda context, *values: print_values(context.budget, values), (), ANY),
    "println": Function(lambda context, *values: print_line(context.budget, values), (), ANY),
    "printf": Function(lambda context, form, *values: print_formatted(context.budget, form, values), (_STRING,), ANY),
    "html": _printed(quoting.html),
    "js": _printed(quoting.javascript),
    "urlquery": _printed(quoting.url_query),
    "eq": Function(lambda _, first, *others: equal(first, others), (ANY,), ANY),
    "ne": Function(lambda _, first, second: not equal(first, (second,)), (ANY, ANY)),
    "lt": Function(lambda _, first, second: is_less(first, second), (ANY, ANY)),
    "le": Function(lambda _, first, second: is_less_or_equal(first, second), (ANY, ANY)),
    "gt": Function(lambda _, first, second: not is_less_or_equal(first, second), (ANY, ANY)),
    "ge": Function(lambda _, first, second: not is_less(first, second), (ANY, ANY)),
    # Prometheus': queries
    "query": Function(_query, (_STRING,)),
    "first": Function(_first, (_SAMPLES,)),
    "label": Function(lambda _, name, sample: _given(sample).labels.get(name, ""), (_STRING, _SAMPLE)),
    "value": Function(lambda _, sample: _given(sample).value, (_SAMPLE,)),
    "strvalue": Function(lambda _, sample: _given(sample).labels.get("__value__", ""), (_SAMPLE,)),
    "sortByLabel": Function(_sorted, (_STRING, _SAMPLES)),
    # numbers
    "humanize": _numeric(humanize.humanize),
    "humanize1024": _numeric(humanize.humanize_1024),
    "humanizeDuration": _numeric(humanize.humanize_duration),
    "humanizePercentage": _numeric(humanize.humanize_percentage),
    "humanizeTimestamp": _numeric(humanize.humanize_timestamp),
    "toTime": _numeric(humanize.to_time),
    "toDuration": _numeric(humanize.to_span),
    "now": Function(lambda context: context.at_s, ()),
    # texts
    "title": _textual(_title),
    "toUpper": _textual(str.upper),
    "toLower": _textual(str.lower),
    "match": Function(lambda _, pattern, text: patterns.matches(pattern, text), (_STRING, _STRING)),
    "reReplaceAll": Function(
        lambda context, pattern, new, text: patterns.replace_all(context.budget, pattern, new, text),
        (_STRING, _STRING, _STRING),
    ),
    "stripPort": _textual(strip_port),
    "stripDomain": _textual(strip_domain),
    "graphLink": _textual(lambda text: _link(text, 0)),
    "tableLink": _textual(lambda text: _link(text, 1)),
    "parseDuration": _textual(_seconds),
    "urlQueryEscape": _textual(quoting.url_query),
    # others
    "args": Function(_args, (), ANY),
    "safeHtml": _textual(lambda text: text),
    "externalURL": Function(lambda context: context.external_url, ()),
    "pathPrefix": Function(_path_prefix, ()),
}
