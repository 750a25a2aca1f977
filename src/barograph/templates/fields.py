"""`.name` of a value: entries of maps, fields of structs and methods, each from a table of this room.

There is no other way from a template to anything of a value, so no attribute of a Python object has a name in it.
"""

from collections.abc import Callable, Mapping, Sequence

from barograph.templates.times import METHODS
from barograph.templates.values import AlertValues, AnyMap, QuerySample, Value, type_name

TYPE_NAMES: Mapping[type, str] = {str: "string", list: "template.queryResult", QuerySample: "*template.sample"}
"""How Go calls the types of parameters."""
_FIELDS: Mapping[type, Mapping[str, Callable[[Value], Value]]] = {
    AlertValues: {
        "Labels": lambda data: data.labels,
        "ExternalLabels": lambda data: data.external_labels,
        "ExternalURL": lambda data: data.external_url,
        "Value": lambda data: data.value,
    },
    QuerySample: {"Labels": lambda sample: dict(sample.labels), "Value": lambda sample: sample.value},
}


def field_of(value: Value, name: str, arguments: Sequence[Value]) -> Value:
    """Return what a name of a value stands for; with arguments it must be a method.

    Raises:
        ValueError: There is nothing of that name, or it takes other arguments; in Go's words.
    """
    kind = type(value)
    if kind is dict or kind is AnyMap:
        if arguments:
            raise ValueError(f"{name} is not a method but has arguments")
        return value.get(name, "" if kind is dict else None)
    if value is None:
        return None
    getter = _FIELDS.get(kind, {}).get(name)
    if getter is None:
        return _method(value, name, arguments)
    if arguments:
        raise ValueError(f"{name} has arguments but cannot be invoked as function")
    return getter(value)


def _method(value: Value, name: str, arguments: Sequence[Value]) -> Value:
    method = METHODS.get(type(value), {}).get(name)
    if method is None:
        raise ValueError(f"can't evaluate field {name} in type {type_name(value)}")
    wanted = len(method.parameters)
    if len(arguments) != wanted:
        raise ValueError(f"wrong number of args for {name}: want {wanted} got {len(arguments)}")
    for argument, parameter in zip(arguments, method.parameters, strict=True):
        if not isinstance(argument, parameter):
            expected = TYPE_NAMES.get(parameter, parameter.__name__)
            raise ValueError(f"wrong type for value; expected {expected}; got {type_name(argument)}")
    return method.call(value, *arguments)
