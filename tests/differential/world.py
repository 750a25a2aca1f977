"""The samples that Debian's Prometheus and our engine are both given, and one question asked of both.

Prometheus 2.42 has windows that are closed on the left, ours are open there as in Prometheus 3: no sample stands on a
whole second, so that none lies on an edge of a window.
"""

import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.model.sample import STALE_BITS, FloatArray, IntArray
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.web.encode import encode_result
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore, make_group
from peers import Peer

START_S = 1_700_000_000
LENGTH_S = 2_700
INTERVAL_S = 15
FAR_FROM_ZERO = 1e5
"""Where counters begin: Prometheus 3 extends one that begins near zero less far than 2.42 does."""
BUCKETS = ("0.1", "0.5", "1", "2.5", "+Inf")


@dataclass(frozen=True, slots=True)
class Group:
    """Series that share timestamps: labels, int64 `[samples]` and float64 `[series, samples]`."""

    labels: tuple[Labels, ...]
    times_ms: IntArray
    values: FloatArray


def groups(seed: int = 7) -> list[Group]:
    """Make the samples: counters with resets, gauges, odd values, gaps, ends, histograms, facts."""
    random = np.random.default_rng(seed)
    found = [_shared(random, job) for job in ("api", "db")]
    found += [_sparse(random, row) for row in range(4)]
    return [*found, _odd(random)]


def _times(random: np.random.Generator, count: int) -> IntArray:
    """Instants 15 s apart, each moved by milliseconds, none on a whole second."""
    moved = 3_217 + random.integers(-180, 181, count)
    return START_S * 1000 + INTERVAL_S * 1000 * np.arange(count, dtype=np.int64) + moved


def _shared(random: np.random.Generator, job: str) -> Group:
    count = LENGTH_S // INTERVAL_S
    labels: list[Labels] = []
    rows: list[FloatArray] = []

    def add(row: FloatArray, name: str, **pairs: str) -> None:
        labels.append(Labels.of(name, job=job, **pairs))
        rows.append(row)

    # Prometheus sees series in the order in which they came, we in that of their labels: here the two are one
    for instance in ("0", "1", "2") if job == "api" else ("3", "4", "5"):
        for mode in ("system", "user"):
            steps = random.gamma(2.0, 3.0 + len(rows), count)
            counter = FAR_FROM_ZERO + np.cumsum(steps)
            counter[count // 3 :] -= counter[count // 3] - 1 if mode == "user" else 0.0
            add(counter, "requests_total", instance=instance, mode=mode)
        add(np.round(100 * random.normal(size=count), 3), "temperature", instance=instance)
        add(
            50 + np.cumsum(random.normal(size=count)),
            "level",
            instance=instance,
            zone="north" if instance in "024" else "",
        )
        add(np.ones(count), "up", instance=instance)
        add(np.ones(count), "build_info", instance=instance, version=f"1.{instance}")
        weights = np.cumsum(random.random((len(BUCKETS), count)), axis=0)
        lines = FAR_FROM_ZERO + np.cumsum(np.round(10 * weights), axis=1)
        for bucket, line in sorted(zip(BUCKETS, lines, strict=True), key=lambda pair: pair[0]):
            add(line, "latency_seconds_bucket", instance=instance, le=bucket)
    return Group(tuple(labels), _times(random, count), np.array(rows))


def _sparse(random: np.random.Generator, row: int) -> Group:
    """One series with long gaps and stale markers of its own."""
    count = LENGTH_S // INTERVAL_S
    kept = np.sort(random.choice(count, count // (row + 2), replace=False))
    values = np.round(random.normal(size=count) * 10 ** float(row), 2)
    if row % 2:
        values.view(np.uint64)[kept[::9]] = STALE_BITS
    labels = Labels.of("sparse", job="api", row=str(row))
    return Group((labels,), _times(random, count)[kept], values[kept][np.newaxis])


def _odd(random: np.random.Generator) -> Group:
    count = LENGTH_S // INTERVAL_S
    values = random.normal(size=(4, count))
    values[0, random.random(count) < 0.2] = np.nan
    values[1, random.random(count) < 0.1] = np.inf
    values[2, random.random(count) < 0.1] = -np.inf
    values[3] = np.where(random.random(count) < 0.5, 0.0, values[3])
    return Group(tuple(Labels.of("odd", kind=str(i), job="db") for i in range(4)), _times(random, count), values)


def feed(peer: Peer, data: list[Group]) -> None:
    """Push everything, minutes at a time: Prometheus refuses what is much older than its newest."""
    for start_ms in range(START_S * 1000, (START_S + LENGTH_S + 60) * 1000, 600_000):
        for group in data:
            inside = (group.times_ms >= start_ms) & (group.times_ms < start_ms + 600_000)
            if inside.any():
                peer.push(group.labels, group.times_ms[inside], np.ascontiguousarray(group.values[:, inside]))


def store_of(data: list[Group]) -> MemoryStore:
    """Have our engine's store hold the same; an empty label is none, as in Prometheus."""
    store = MemoryStore()
    for group in data:
        labels = tuple(Labels.from_mapping({k: v for k, v in one.pairs if v}) for one in group.labels)
        store.add_group(make_group(labels, group.times_ms, group.values))
    return store


@dataclass(frozen=True, slots=True)
class Question:
    """An expression over a range, in whole seconds; with step 0 at its end alone."""

    text: str
    start_s: int
    end_s: int
    step_s: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: an error's kind, or each series' points by labels."""

    error: str
    series: dict[tuple[tuple[str, str], ...], dict[float, float]]


class Both:
    """Prometheus and our engine over the same samples."""

    def __init__(self, peer: Peer, data: list[Group]) -> None:
        self._peer = peer
        self._engine = Engine(store_of(data), QueryConfig(), FakeClock())

    def theirs(self, question: Question) -> Reply:
        """Ask Prometheus."""
        parameters: dict[str, str | int] = {"query": question.text, "time": question.end_s}
        path = "query"
        if question.step_s:
            path = "query_range"
            parameters = {"query": question.text, "start": question.start_s, "end": question.end_s}
            parameters["step"] = question.step_s
        url = f"{self._peer.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=120) as answer:
                return _reply(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return Reply(str(json.loads(error.read())["errorType"]), {})

    def ours(self, question: Question) -> Reply:
        """Ask our engine, and read the answer as it goes over the wire."""
        end_ms = question.end_s * 1000
        try:
            if question.step_s:
                result = self._engine.range(question.text, question.start_s * 1000, end_ms, question.step_s * 1000)
            else:
                result = self._engine.instant(question.text, end_ms)
        except QueryError as error:
            return Reply(str(error), {})
        return _reply(json.loads(encode_result(result, is_range=bool(question.step_s))))


def _reply(body: dict[str, Any]) -> Reply:
    data = body["data"]
    if data["resultType"] == "scalar":
        return Reply("", {(): {data["result"][0]: float(data["result"][1])}})
    return Reply("", dict(_rows(data["result"])))


def _rows(result: list[dict[str, Any]]) -> Iterator[tuple[tuple[tuple[str, str], ...], dict[float, float]]]:
    for row in result:
        points = row["values"] if "values" in row else [row["value"]]
        yield tuple(sorted(row["metric"].items())), {float(at): float(text) for at, text in points}


CANCELLING = re.compile(r"deriv|predict_linear|std(dev|var)| - |%")
"""What takes large numbers from each other: what is left carries their rounding, whose order differs."""


EXPLAINED = (
    # Prometheus 3 refuses several rows of one side even where the comparison drops all but one, 2.42 then answers
    (re.compile(r"(==|!=|<|>)(?! bool)"), "many-to-one matching must be explicit"),
)
"""What an expression has, and what our refusal says, where 2.42 still answers."""


def difference(text: str, theirs: Reply, ours: Reply) -> str:
    """Return in words what differs, or nothing where the two agree within 1e-9."""
    if any(has.search(text) and words in ours.error for has, words in EXPLAINED):
        return ""
    if bool(theirs.error) != bool(ours.error):
        return f"theirs is {theirs.error or 'an answer'}, ours {ours.error or 'an answer'}"
    missing, surplus = theirs.series.keys() - ours.series.keys(), ours.series.keys() - theirs.series.keys()
    if missing or surplus:
        return f"only theirs: {missing}, only ours: {surplus}"
    largest = max(
        (abs(v) for points in theirs.series.values() for v in points.values() if math.isfinite(v)), default=0.0
    )
    slack = 1e-12 * max(largest, 20 * FAR_FROM_ZERO if CANCELLING.search(text) else 0.0)
    for labels, points in theirs.series.items():
        other = ours.series[labels]
        if points.keys() != other.keys():
            return f"{labels}: at {sorted(points.keys() ^ other.keys())} only one has a point"
        for at, value in points.items():
            if not same(value, other[at], slack):
                return f"{labels} at {at}: theirs {value!r}, ours {other[at]!r}"
    return ""


def same(one: float, other: float, slack: float) -> bool:
    """Tell whether two values are equal within 1e-9 of their size, or within `slack`."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    if math.isinf(one) or math.isinf(other):
        return one == other
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other)) + slack
