"""Samples of the flight recorder for tests."""

import numpy as np

from barograph.model.processes import Measure, ProcessFacts, ProcessSample, UnitFacts, UnitMeasure

SECOND_MS = 1000
T0_MS = 1_795_435_200_000
"""2026-11-23T12:00:00Z."""


def facts(pid: int, name: str = "worker", *, unit: str = "", command: str = "") -> ProcessFacts:
    """Return who a process is."""
    return ProcessFacts(pid, T0_MS - pid * 1000, name, command or f"/usr/bin/{name} -v", "me", unit, "")


def sample(at_ms: int, *pids: int, started: tuple[int, ...] = (), ended: tuple[int, ...] = ()) -> ProcessSample:
    """Return a sample with a row for each of these processes, whose numbers follow from its instant."""
    numbers = np.array([[at_ms % 7919 + pid * column for column in range(len(Measure))] for pid in pids], np.int64)
    return ProcessSample(
        at_ms=at_ms,
        interval_ms=SECOND_MS,
        facts=tuple(map(facts, pids)),
        numbers=numbers.reshape(len(pids), len(Measure)),
        started=tuple(map(facts, started)),
        ended=tuple(map(facts, ended)),
        units=(UnitFacts("unit", "cron.service", "/system.slice/cron.service"),),
        unit_numbers=np.full((1, len(UnitMeasure)), at_ms % 101, np.int64),
    )


Plain = tuple[object, ...]


def plain(found: ProcessSample | None) -> Plain:
    """Return a sample as a value that compares, whatever the order of its rows."""
    assert found is not None
    rows = sorted(zip(found.facts, found.numbers.tolist(), strict=True))
    units = sorted(zip(found.units, found.unit_numbers.tolist(), strict=True))
    return (found.at_ms, found.interval_ms, rows, units, sorted(found.started), sorted(found.ended))
