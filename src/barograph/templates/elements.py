"""len, index and slice: Go's access to maps, lists and texts, whose elements are bytes."""

from collections.abc import Sequence
from itertools import pairwise

from barograph.templates.values import AnyMap, Value, from_bytes, to_bytes, type_name


def length(item: Value) -> int:
    """Return how many elements there are; bytes for a text.

    Raises:
        ValueError: The value has none.
    """
    if isinstance(item, str):
        return len(to_bytes(item))
    if isinstance(item, dict | list):
        return len(item)
    raise ValueError("len of nil pointer" if item is None else f"len of type {type_name(item)}")


def element(item: Value, keys: Sequence[Value]) -> Value:
    """Return the element of an element ... by keys of maps and places in lists.

    Raises:
        ValueError: There is no such element.
    """
    for key in keys:
        item = _element(item, key)
    return item


def _element(item: Value, key: Value) -> Value:
    if item is None:
        raise ValueError("index of untyped nil")
    if isinstance(item, dict):
        if not isinstance(key, str):
            raise ValueError(f"value has type {type_name(key)}; should be string")
        return item.get(key, None if isinstance(item, AnyMap) else "")
    if not isinstance(item, list | str):
        raise ValueError(f"can't index item of type {type_name(item)}")
    elements = to_bytes(item) if isinstance(item, str) else item
    return elements[_place(key, len(elements) - 1)]


def _place(key: Value, largest: int) -> int:
    if key is None:
        raise ValueError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise ValueError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= largest:
        raise ValueError(f"index out of range: {key}")
    return key


def part(item: Value, bounds: Sequence[Value]) -> Value:
    """Return a part of a list or a text, as Go's `item[from:to]`.

    Raises:
        ValueError: There is no such part.
    """
    if item is None:
        raise ValueError("slice of untyped nil")
    if len(bounds) > 3:
        raise ValueError(f"too many slice indexes: {len(bounds)}")
    if not isinstance(item, list | str):
        raise ValueError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(bounds) == 3:
        raise ValueError("cannot 3-index slice a string")
    elements = to_bytes(item) if isinstance(item, str) else item
    places = [_place(bound, len(elements)) for bound in bounds]
    for lower, upper in pairwise(places):
        if lower > upper:
            raise ValueError(f"invalid slice index: {lower} > {upper}")
    chosen = elements[places[0] if places else 0 : places[1] if len(places) > 1 else None]
    return from_bytes(chosen) if isinstance(chosen, bytes) else chosen
