"""What collectors share: the frame (schema and vector) they fill, and layouts of files that are tables of tokens.

Nothing here knows a metric. A frame keeps its schema object while the set of series is unchanged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from barograph.collectors.cgroup.tree import CgroupTree
from barograph.collectors.process.table import ProcessTable
from barograph.collectors.procfs import Paths, SharedFile
from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.clock import Clock
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import FloatArray, absent_array
from barograph.model.units import Duration

Pick = Callable[[Sequence[bytes]], tuple[bytes, ...]]


class CollectorSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set for every collector; each collector's own section adds its options.

    Attributes:
        enabled: Whether it runs; unset: as the registry says.
        interval: How often; unset: `collectors.interval`.
        budget: How long one sample may take before the collector counts as hung; unset: `collectors.budget`.
    """

    enabled: bool | None = None
    interval: Duration | None = None
    budget: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What collectors are built from: the machine's roots, the clock, and what several of them share."""

    paths: Paths
    clock: Clock
    stat: SharedFile
    processes: ProcessTable
    cgroups: CgroupTree


class SeriesSpec(NamedTuple):
    """A series that a collector is about to have: its family and its labels without the name."""

    family: Family
    labels: Mapping[str, str]


class Frame:
    """A collector's schema and the vector that belongs to it."""

    __slots__ = ("schema", "source", "values")

    def __init__(self, source: str) -> None:
        self.source = source
        self.schema = Schema((), (), ())
        self.values: FloatArray = absent_array(0)

    def reshape(self, specs: Sequence[SeriesSpec]) -> FloatArray:
        """Make room for these series, in this order; returns the vector, all absent.

        The schema object is kept where series and families are what they were. The caller gives no series twice.
        """
        families = tuple(dict.fromkeys(spec.family for spec in specs))
        index = {family: i for i, family in enumerate(families)}
        series = tuple(Labels({METRIC_NAME: spec.family.name, **spec.labels}.items()) for spec in specs)
        if series != self.schema.series or families != self.schema.families:
            self.schema = Schema(families, series, tuple(index[spec.family] for spec in specs))
        self.values = absent_array(len(series))
        return self.values

    def batch(self, timestamp_ms: int) -> Batch:
        """Return the vector as it stands as a batch."""
        return Batch(self.source, self.schema, timestamp_ms, self.values)


class TokenLayout:
    """Where keys and values stand among the whitespace-separated tokens of a file.

    Learnt once from the file's lines; afterwards a sample costs one split, one comparison of the keys and one pick.
    """

    __slots__ = ("_key_texts", "_keys", "_token_count", "pick")

    def __init__(self, tokens: Sequence[bytes], keys: Sequence[int], values: Sequence[int]) -> None:
        # a layout learnt from nothing fits nothing, so that an empty file is looked at
        self._token_count = len(tokens) or -1
        self._keys = _picker(keys)
        self._key_texts = self._keys(tokens)
        self.pick: Pick = _picker(values)

    def fits(self, tokens: Sequence[bytes]) -> bool:
        """Tell whether these tokens are laid out as those this layout was learnt from."""
        return len(tokens) == self._token_count and self._keys(tokens) == self._key_texts


def _picker(indices: Sequence[int]) -> Pick:
    """Return a function that picks tokens by index into a tuple (itemgetter gives none for zero or one index)."""
    if not indices:
        return lambda tokens: ()
    if len(indices) == 1:
        only = indices[0]
        return lambda tokens: (tokens[only],)
    getter: Any = itemgetter(*indices)
    return getter  # type: ignore[no-any-return]


def counter(name: str, text: str) -> Family:
    """Return a family of type counter."""
    return Family(name, MetricType.COUNTER, text)


def gauge(name: str, text: str) -> Family:
    """Return a family of type gauge."""
    return Family(name, MetricType.GAUGE, text)


def text_of(token: bytes) -> str:
    """Decode a name that the kernel gave; bytes that are no UTF-8 become the replacement character."""
    return token.decode("utf-8", "replace")
