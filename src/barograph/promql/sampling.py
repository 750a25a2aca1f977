"""`limit_ratio`: a sample of the rows that is the same at each step, on each server and in each run.

A row is chosen by the hash of its labels. Hash (XXH64, the xxHash specification) and bytes (as Prometheus' own label
sets lie in memory) are Prometheus', so both choose the same rows.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray
from barograph.promql.aggregations import Grouping
from barograph.promql.ast import Span
from barograph.promql.explain import explained
from barograph.promql.grid import Grid
from barograph.promql.memo import Memo
from barograph.promql.naming import empty_vector, presence
from barograph.promql.nodes import ScalarNode, VectorNode
from barograph.promql.numbers import general
from barograph.promql.run import Run
from barograph.promql.value import StepVector

_MASK: Final = (1 << 64) - 1
_P1: Final = 0x9E3779B185EBCA87
_P2: Final = 0xC2B2AE3D27D4EB4F
_P3: Final = 0x165667B19E3779F9
_P4: Final = 0x85EBCA77C2B2AE63
_P5: Final = 0x27D4EB2F165667C5
_STRIPE: Final = 32
_SHORT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRatio:
    """`limit_ratio(r, v)`: the rows whose hash lies in the first `r` of all hashes, or in the last `-r`."""

    ratio: ScalarNode
    inner: VectorNode
    grouping: Grouping
    span: Span
    ratio_span: Span
    offsets: Memo[FloatArray] = field(default_factory=Memo)

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        ratios = self._ratios(run, grid)
        vector = self.inner.vector(run, grid)
        if not vector.labels:
            return empty_vector(grid.steps)
        offsets = self.offsets.get((vector.labels,), lambda: _offsets(vector.labels))[:, None]
        chosen = np.where(ratios >= 0, offsets < ratios, offsets >= 1.0 + ratios)
        return StepVector(vector.labels, vector.values, chosen & presence(vector))

    def _ratios(self, run: Run, grid: Grid) -> FloatArray:
        ratios = self.ratio.scalar(run, grid)
        if np.isnan(ratios).any():
            raise ExecutionError("Ratio value is NaN")
        capped = np.clip(ratios, -1.0, 1.0)
        beyond = np.flatnonzero(capped != ratios)
        if len(beyond):
            given, used = float(ratios[beyond[0]]), float(capped[beyond[0]])
            words = f"ratio value should be between -1 and 1, got {general(given)}, capping to {general(used)}"
            run.warn(words, self.ratio_span)
        return capped


def _offsets(labels: tuple[Labels, ...]) -> FloatArray:
    """Return for each row where in 0 to 1 its hash lies."""
    return np.array([xxh64(label_bytes(one)) / float(_MASK) for one in labels])


def label_bytes(labels: Labels) -> bytes:
    """Return labels as Prometheus' string labels lie in memory: each name and value behind its length."""
    return b"".join(_sized(text.encode("utf-8", "surrogateescape")) for pair in labels for text in pair)


def _sized(text: bytes) -> bytes:
    size = len(text)
    return (bytes((size,)) if size < _SHORT else b"\xff" + size.to_bytes(3, "little")) + text


def xxh64(data: bytes) -> int:
    """Return the XXH64 hash of bytes, seed 0 (xxHash fast digest algorithm, section XXH64)."""
    rest = len(data) % _STRIPE
    striped = len(data) - rest
    value = _P5
    if striped:
        lanes = [_P1 + _P2 & _MASK, _P2, 0, -_P1 & _MASK]
        for place in range(0, striped, 8):
            lane = place // 8 % 4
            lanes[lane] = _round(lanes[lane], int.from_bytes(data[place : place + 8], "little"))
        value = sum(_rotate(each, bits) for each, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for each in lanes:
            value = ((value ^ _round(0, each)) * _P1 + _P4) & _MASK
    return _finish(value + len(data) & _MASK, data[striped:])


def _finish(value: int, rest: bytes) -> int:
    while len(rest) >= 8:
        value = _rotate(value ^ _round(0, int.from_bytes(rest[:8], "little")), 27) * _P1 + _P4 & _MASK
        rest = rest[8:]
    if len(rest) >= 4:
        value = _rotate(value ^ int.from_bytes(rest[:4], "little") * _P1 & _MASK, 23) * _P2 + _P3 & _MASK
        rest = rest[4:]
    for byte in rest:
        value = _rotate(value ^ byte * _P5 & _MASK, 11) * _P1 & _MASK
    value = (value ^ value >> 33) * _P2 & _MASK
    value = (value ^ value >> 29) * _P3 & _MASK
    return value ^ value >> 32


def _round(lane: int, word: int) -> int:
    return _rotate(lane + word * _P2 & _MASK, 31) * _P1 & _MASK


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK
