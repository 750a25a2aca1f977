"""Retention classes: series that are kept for another time, or in another space, than the rest, in files of their own.

`app` makes them of the configuration's selectors. Which class a series has is decided once a column, when it is folded.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, matches_all
from barograph.tsdb.blocks import EncodedBlock, EncodedSpan
from barograph.tsdb.head import HeadGroup

DEFAULT = ""
_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionClass:
    """What holds for series that satisfy some matchers.

    Attributes:
        name: What its files are named by; see `class_name`.
        matchers: All of them must be satisfied.
        retention_ms: How long samples and buckets are kept; None as for the rest.
        max_bytes: The most its files may take; None for no limit of its own.
    """

    name: str
    matchers: tuple[Matcher, ...]
    retention_ms: int | None = None
    max_bytes: int | None = None


def class_name(matchers: Sequence[Matcher]) -> str:
    """Return the name that files of a class go by: a hash of its matchers, whatever their order."""
    text = ",".join(sorted(str(matcher) for matcher in matchers))
    return "c" + hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def by_class(spans: Sequence[EncodedSpan], classes: "Classes") -> dict[str, list[EncodedSpan]]:
    """Part encoded spans by the classes of their series; chunks are copied as they are."""
    if not classes.all:
        return {DEFAULT: list(spans)}
    parts: dict[str, list[EncodedSpan]] = {}
    for span in spans:
        split: dict[str, list[EncodedBlock]] = {}
        for block in span.blocks:
            names = np.array([classes.class_of(info.labels) for info in block.infos], object)
            of_entries = names[block.entries["series"]]
            for name in sorted(set(of_entries)):
                split.setdefault(name, []).append(_taken(block, np.flatnonzero(of_entries == name)))
        for name, blocks in split.items():
            parts.setdefault(name, []).append(span._replace(blocks=blocks))
    return parts


def _taken(block: EncodedBlock, rows: NDArray[np.intp]) -> EncodedBlock:
    """Return a block of some of its chunks."""
    entries = block.entries[rows].copy()
    ends = entries["offset"] + entries["length"]
    payload = b"".join(
        block.payload[start:end] for start, end in zip(entries["offset"].tolist(), ends.tolist(), strict=True)
    )
    entries["offset"] = np.concatenate(([0], np.cumsum(entries["length"])[:-1]))
    return EncodedBlock(block.infos, entries, payload)


@dataclass(slots=True)
class Classes:
    """All classes, in the order in which they are tried, and what is known of each group's columns."""

    all: tuple[RetentionClass, ...] = ()
    _known: dict[str, tuple[int, list[int]]] = field(default_factory=dict)

    def class_of(self, labels: Labels) -> str:
        """Return the name of the first class that a series belongs to, "" where it is none."""
        return next((each.name for each in self.all if matches_all(each.matchers, labels)), DEFAULT)

    def split(self, group: HeadGroup) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Yield the classes that a group's columns belong to, the default one first, each with the columns."""
        columns = len(group.columns)
        if not self.all or not columns:
            yield DEFAULT, np.arange(columns)
            return
        generation, known = self._known.get(group.source, (-1, []))
        if generation != group.generation or len(known) > columns:
            known = []
        names = [DEFAULT, *(each.name for each in self.all)]
        place = {name: number for number, name in enumerate(names)}
        known += [place[self.class_of(info.labels)] for info in group.columns[len(known) :]]
        self._known[group.source] = (group.generation, known)
        numbers = np.array(known, np.intp)
        for number in sorted(set(known)):
            yield names[number], np.flatnonzero(numbers == number)
