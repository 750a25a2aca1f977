"""Samples of a host for benchmarks: a recording of a real one made longer, or a made-up one. Used by bench_storage*.py.

The recording is that of `../shared/bench/peers`, lengthened as its `synth.py --mode jitter` does, so that no stretch
repeats bit for bit; where that folder is not there, made-up series of the same kinds stand in, and reports say so.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray

PEERS = Path(__file__).resolve().parents[2] / "shared" / "bench" / "peers"
START_MS = 1_700_006_400_000
"""A UTC midnight."""
_KEY = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?")
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class HostData(NamedTuple):
    """Series of one source at 1 s.

    Attributes:
        kind: What they are, for reports.
        labels: Of each series.
        values: float64 `[series, ticks]`.
    """

    kind: str
    labels: tuple[Labels, ...]
    values: FloatArray


def host_data(ticks: int, seed: int = 1) -> HostData:
    """Return some hundred series of a host over `ticks` seconds."""
    if not (PEERS / "recording.npz").exists():
        return _made_up(ticks, seed)
    os.environ.setdefault("PEERS_ROOT", tempfile.gettempdir())
    sys.path.insert(0, str(PEERS))
    import synth  # type: ignore[import-not-found]  # noqa: PLC0415  only where the peers' folder is there

    keys, _, _, values = synth.build(max(ticks / 3600, 0.01), seed=seed)[:4]
    return HostData("real host, jitter", tuple(_labels(str(key)) for key in keys), values[:, :ticks])


def _labels(key: str) -> Labels:
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"{key!r} is no series")
    pairs = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _PAIR.findall(match[2] or "")}
    return Labels.from_mapping({"__name__": match[1], "instance": "bench", "job": "node", **pairs})


def _made_up(ticks: int, seed: int) -> HostData:
    random = np.random.default_rng(seed)
    constants = np.repeat(random.integers(0, 1 << 32, (320, 1)).astype(np.float64), ticks, axis=1)
    counters = np.cumsum(random.poisson(random.gamma(1.0, 40.0, (120, 1)), (120, ticks)), axis=1).astype(np.float64)
    seconds = np.cumsum(random.random((40, ticks)) < 0.3, axis=1) / 100
    gauges = np.round(np.cumsum(random.normal(size=(27, ticks)), axis=1) + 500, 2)
    values = np.vstack((constants, counters, seconds, gauges))
    labels = tuple(Labels.of("bench", series=str(i), job="node", instance="bench") for i in range(len(values)))
    return HostData("made-up host", labels, values)
