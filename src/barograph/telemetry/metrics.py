"""Our own metrics: counters and gauges in one registry, which gives them as a schema and a vector.

Each process has one `Telemetry`, built by `app` and passed in. Any thread may make families and series; one series is
written by one thread, and reading it from another sees a value of some recent moment.
"""

import threading
from collections.abc import Callable

import numpy as np

from barograph.model.batch import Family, MetricType, Schema
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import FloatArray

_MAX_CHILDREN = 1000
"""Label sets a family may have. Our own label values come from code and configuration, so more is a mistake."""


class Metric:
    """One series of our own: a counter that is only ever increased, or a gauge."""

    __slots__ = ("labels", "value")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add to it."""
        self.value += amount

    def set(self, value: float) -> None:
        """Replace it (gauges, and counters that are counted elsewhere)."""
        self.value = value


class MetricFamily:
    """The series of one name; a series is made when its label values are first asked for.

    Args:
        family: Name, type and help.
        lock: The registry's, held while series come and go.
        changed: Called with that lock held.
    """

    def __init__(self, family: Family, lock: threading.Lock, changed: Callable[[], None]) -> None:
        self.family = family
        self.children: dict[tuple[tuple[str, str], ...], Metric] = {}
        self._lock = lock
        self._changed = changed

    def labels(self, **labels: str) -> Metric:
        """Return the series with these label values. Keep it where it is hot."""
        key = tuple(sorted(labels.items()))
        child = self.children.get(key)
        return self._add(key) if child is None else child

    def remove(self, **labels: str) -> None:
        """Forget a series, so that it ends."""
        with self._lock:
            if self.children.pop(tuple(sorted(labels.items())), None) is not None:
                self._changed()

    def inc(self, amount: float = 1.0) -> None:
        """Add to the series without labels."""
        self.labels().inc(amount)

    def set(self, value: float) -> None:
        """Replace the series without labels."""
        self.labels().set(value)

    def _add(self, key: tuple[tuple[str, str], ...]) -> Metric:
        with self._lock:
            if key in self.children:  # another thread was faster
                return self.children[key]
            if len(self.children) >= _MAX_CHILDREN:
                raise ValueError(f"{self.family.name} has {_MAX_CHILDREN} series already: {dict(key)} is one too many")
            child = Metric(Labels([(METRIC_NAME, self.family.name), *key]))
            self.children[key] = child
            self._changed()
            return child


class Telemetry:
    """All metrics of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._families: dict[str, MetricFamily] = {}
        self._refreshers: list[Callable[[], None]] = []
        self._schema: Schema | None = None
        self._metrics: tuple[Metric, ...] = ()

    def counter(self, name: str, help_text: str) -> MetricFamily:
        """Return the counter of this name, made at the first call."""
        return self._family(Family(name, MetricType.COUNTER, help_text))

    def gauge(self, name: str, help_text: str) -> MetricFamily:
        """Return the gauge of this name, made at the first call."""
        return self._family(Family(name, MetricType.GAUGE, help_text))

    def on_snapshot(self, refresh: Callable[[], None]) -> None:
        """Have `refresh` called before each snapshot, to set what is counted elsewhere."""
        self._refreshers.append(refresh)

    def snapshot(self) -> tuple[Schema, FloatArray]:
        """Return all series and their values now; the schema object stays while no series comes or goes."""
        for refresh in self._refreshers:
            refresh()
        with self._lock:
            schema = self._rebuild() if self._schema is None else self._schema  # an empty schema is false
            return schema, np.array([metric.value for metric in self._metrics], dtype=np.float64)

    def _family(self, family: Family) -> MetricFamily:
        with self._lock:
            known = self._families.get(family.name)
            if known is None:
                known = self._families[family.name] = MetricFamily(family, self._lock, self._forget_schema)
            elif known.family != family:
                raise ValueError(f"{family.name} is declared twice, differently: {known.family} and {family}")
            return known

    def _forget_schema(self) -> None:
        self._schema = None

    def _rebuild(self) -> Schema:
        families = tuple(self._families.values())
        pairs = [(i, metric) for i, family in enumerate(families) for metric in family.children.values()]
        self._metrics = tuple(metric for _, metric in pairs)
        self._schema = Schema(
            families=tuple(family.family for family in families),
            series=tuple(metric.labels for metric in self._metrics),
            family_of=tuple(i for i, _ in pairs),
        )
        return self._schema


def process_metrics(telemetry: Telemetry, process: str, read_stat: Callable[[], tuple[float, float]]) -> None:
    """Have a process report its own CPU time and memory.

    Args:
        telemetry: Where to.
        process: `keeper` or `front`.
        read_stat: Returns CPU seconds used so far and resident bytes.
    """
    cpu = telemetry.counter("barograph_process_cpu_seconds_total", "CPU time this process of Barograph has used.")
    memory = telemetry.gauge(
        "barograph_process_resident_bytes", "Memory of this process of Barograph that is resident."
    )
    cpu_child, memory_child = cpu.labels(process=process), memory.labels(process=process)

    def refresh() -> None:
        cpu_s, resident_bytes = read_stat()
        cpu_child.set(cpu_s)
        memory_child.set(resident_bytes)

    telemetry.on_snapshot(refresh)
