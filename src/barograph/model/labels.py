"""Labels: an immutable, sorted set of name and value pairs. The metric name is the label `__name__`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

METRIC_NAME = "__name__"

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def escape_value(value: str) -> str:
    """Escape a label value as PromQL and the exposition format write it."""
    return value.translate(_ESCAPES)


def is_legacy_name(name: str) -> bool:
    """Tell whether a label name needs no quotes: `[a-zA-Z_][a-zA-Z0-9_]*`."""
    return name.isascii() and name.isidentifier()


def is_legacy_metric_name(name: str) -> bool:
    """Tell whether a metric name needs no quotes: `[a-zA-Z_:][a-zA-Z0-9_:]*`."""
    return name.isascii() and name.replace(":", "_").isidentifier()


class Labels:
    """An immutable, sorted set of labels; hashable, ordered by its pairs.

    A label with an empty value is the same as no label and is dropped.
    """

    __slots__ = ("_hash", "pairs")

    pairs: tuple[tuple[str, str], ...]

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(sorted(pair for pair in pairs if pair[1]))
        names = [name for name, _ in self.pairs]
        if len(set(names)) != len(names):
            duplicate = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"label {duplicate!r} is given twice")
        self._hash = hash(self.pairs)

    @classmethod
    def of(cls, name: str = "", /, **labels: str) -> Self:
        """Build from a metric name (may be empty) and keyword labels."""
        return cls([(METRIC_NAME, name), *labels.items()])

    @classmethod
    def from_mapping(cls, labels: Mapping[str, str]) -> Self:
        """Build from a mapping of names to values."""
        return cls(labels.items())

    @classmethod
    def from_sorted(cls, pairs: tuple[tuple[str, str], ...]) -> Self:
        """Build from pairs that are known to be sorted, unique and non-empty (hot paths: nothing is checked)."""
        labels = cls.__new__(cls)
        labels.pairs = pairs
        labels._hash = hash(pairs)
        return labels

    @property
    def name(self) -> str:
        """The metric name, or "" where there is none."""
        return self.get(METRIC_NAME)

    def get(self, name: str, default: str = "") -> str:
        """Return a label's value, or `default` where it is absent."""
        for key, value in self.pairs:
            if key == name:
                return value
        return default

    def keep(self, names: Iterable[str]) -> "Labels":
        """Return only the labels with these names (`by`, `on`)."""
        wanted = frozenset(names)
        return Labels.from_sorted(tuple(pair for pair in self.pairs if pair[0] in wanted))

    def drop(self, names: Iterable[str]) -> "Labels":
        """Return all labels but those with these names (`without`, `ignoring`)."""
        unwanted = frozenset(names)
        return Labels.from_sorted(tuple(pair for pair in self.pairs if pair[0] not in unwanted))

    def with_labels(self, labels: Mapping[str, str]) -> "Labels":
        """Return these labels with some set; an empty value removes."""
        return Labels({**dict(self.pairs), **labels}.items())

    def to_dict(self) -> dict[str, str]:
        """Return a new dictionary of names to values, sorted by name."""
        return dict(self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labels) and self.pairs == other.pairs

    def __lt__(self, other: "Labels") -> bool:
        return self.pairs < other.pairs

    def __str__(self) -> str:
        name = self.name
        inside = [
            f'{key if is_legacy_name(key) else _quote(key)}="{escape_value(value)}"'
            for key, value in self.pairs
            if key != METRIC_NAME
        ]
        if name and not is_legacy_metric_name(name):
            return "{" + ", ".join([_quote(name), *inside]) + "}"
        return name + ("{" + ", ".join(inside) + "}" if inside or not name else "")

    def __repr__(self) -> str:
        return f"Labels({self})"


def _quote(text: str) -> str:
    return f'"{escape_value(text)}"'


EMPTY = Labels()
