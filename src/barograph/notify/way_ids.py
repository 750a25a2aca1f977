"""Which way of a receiver is which, from one configuration to the next. The notifier asks; pure but for salts.

A way's id names its queue and what it was told, so it must stay with what the way is: an entry that is moved in its
list, or left by one before it, is the same way. What each id was is kept as a mark, a salted digest of its address.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from barograph.notify.ways import MadeWay

_SALT = 16
"""Bytes: so that no table made before tells of an address, and equal ones do not look equal. A weak password within one
can still be tried by whoever has the file, which is its owner's alone."""


def lasting_ids(ways: Collection[Sequence[MadeWay]], kept: Mapping[str, str]) -> dict[str, str]:
    """Return the id that each way has for as long as it is there, by the one that its place would give it.

    Args:
        ways: Of each receiver.
        kept: The marks of the configuration before, by lasting id.
    """
    found: dict[str, str] = {}
    for of_one in ways:
        by_kind: dict[str, list[MadeWay]] = {}
        for way in of_one:
            by_kind.setdefault(_kind_of(way.id), []).append(way)
        for kind, alike in by_kind.items():
            found |= _ids_of(kind, alike, {each: mark for each, mark in kept.items() if _kind_of(each) == kind})
    return found


def marks_of(ways: Collection[Sequence[MadeWay]], ids: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be kept of ways, by their lasting ids: the mark that is there already where it still holds."""
    marks = {}
    for way in (way for of_one in ways for way in of_one):
        mark = kept.get(ids[way.id], "")
        marks[ids[way.id]] = mark if _is_of(mark, way) else _mark(way, secrets.token_bytes(_SALT))
    return marks


def moved_ids(ways: Mapping[str, Sequence[MadeWay]], ids: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """Return which ways of receivers that are gone are there under another receiver's name: new ids by old ones."""
    left = {each: mark for each, mark in kept.items() if _receiver_of(each) not in ways}
    moved = {}
    for way in (way for of_one in ways.values() for way in of_one if ids[way.id] not in kept):
        for each, mark in left.items():
            if way.kind == _kind_of(each).rpartition("/")[2] and _is_of(mark, way):
                moved[each] = ids[way.id]
                del left[each]
                break
    return moved


def _ids_of(kind: str, ways: Sequence[MadeWay], kept: Mapping[str, str]) -> dict[str, str]:
    found, left = dict[str, str](), dict(kept)
    for way in ways:
        if same := [each for each, mark in left.items() if _is_of(mark, way)]:
            found[way.id] = way.id if way.id in same else same[0]
            del left[found[way.id]]
    # what was there has another address now: what waits for it is for the new one, which may be the old one mended
    for way in ways:
        if way.id not in found and left.pop(way.id, None) is not None:
            found[way.id] = way.id
    free = (f"{kind}[{number}]" for number in count())
    for way in ways:
        if way.id in found:
            continue
        if left:
            found[way.id] = next(iter(left))
            del left[found[way.id]]
        else:
            taken = found.values()
            found[way.id] = way.id if way.id not in taken else next(each for each in free if each not in taken)
    return found


def _receiver_of(way_id: str) -> str:
    return way_id.rpartition("/")[0]


def _kind_of(way_id: str) -> str:
    """Return the receiver and the kind that an id names; both may have brackets, a number's are the last."""
    return way_id.rpartition("[")[0]


def _is_of(mark: str, way: MadeWay) -> bool:
    return mark == _mark(way, bytes.fromhex(mark[: 2 * _SALT]))


def _mark(way: MadeWay, salt: bytes) -> str:
    return salt.hex() + hashlib.blake2b(way.address.reveal().encode(), salt=salt, digest_size=_SALT).hexdigest()
