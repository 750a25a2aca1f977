"""The read side of the store, for any process: the head in shared memory and the block files, as one `Querier`.

The front opens one on the data folder and gives it each new head segment; offline commands open one that reads the ring
of live.db itself. It never writes, and holds no read transaction longer than it takes to copy a blob out.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Family
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import FloatArray, IntArray, is_absent, is_stale
from barograph.model.series import SeriesGroup, SeriesSet
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.head import Head
from barograph.tsdb.headview import GroupView, HeadView
from barograph.tsdb.index import LabelIndex
from barograph.tsdb.replay import replay
from barograph.tsdb.segment import MemorySegments


class StoreReader:
    """Implements `Querier`."""

    def __init__(self, folder: Path, config: StoreConfig) -> None:
        self._folder = folder
        self._config = config
        self._lock = threading.RLock()
        self._index = LabelIndex()
        self._head: HeadView | None = None

    @classmethod
    def open_offline(cls, folder: Path, config: StoreConfig) -> Self:
        """Open a folder that no keeper holds (or look at one from outside): what was committed until now."""
        reader = cls(folder, config)
        segments = MemorySegments()
        connection = sqlite.open_reading(folder / filenames.LIVE)
        head = Head(segments, config.ring_slots)
        replay(connection, head, {})
        connection.close()
        if segments.current is not None:
            reader.attach(segments.current.buffer)
        return reader

    def attach(self, buffer: memoryview) -> None:
        """Take a (new) head segment."""
        self._head = HeadView(buffer)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesSet:
        """See `Querier`."""
        groups: list[SeriesGroup] = []
        if self._head is not None:
            self._head.refresh()
            for view in self._head.groups:
                rows = np.array(
                    [
                        i
                        for i, info in enumerate(view.columns)
                        if all(m.matches(info.labels.get(m.name)) for m in matchers)
                    ],
                    np.intp,
                )
                if len(rows):
                    times, values = view.read(start_ms, end_ms, rows)
                    if len(times):
                        absent = is_absent(values)
                        keep = ~absent.all(axis=1)
                        if keep.any():
                            step = np.diff(times)
                            groups.append(
                                SeriesGroup(
                                    labels=tuple(view.columns[int(i)].labels for i in rows[keep]),
                                    timestamps_ms=times,
                                    values=np.ascontiguousarray(values[keep]),
                                    has_absent=bool(absent[keep].any()),
                                    has_stale=bool(is_stale(values).any()),
                                    step_ms=int(step[0]) if len(step) and (step == step[0]).all() else 0,
                                )
                            )
        return SeriesSet(tuple(groups))

    def _labels(self, matchers: Sequence[Matcher]) -> list[Labels]:
        if self._head is None:
            return []
        self._head.refresh()
        found = {info.labels for view in self._head.groups for info in view.columns}
        return sorted(labels for labels in found if all(m.matches(labels.get(m.name)) for m in matchers))

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """See `Querier`."""
        return self._labels(matchers)

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        return sorted({name for labels in self._labels(matchers) for name, _ in labels})

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        return sorted({labels.get(name) for labels in self._labels(matchers)} - {""})

    def metadata(self) -> dict[str, Family]:
        """See `Querier`."""
        if self._head is None:
            return {}
        self._head.refresh()
        return {info.family.name: info.family for view in self._head.groups for info in view.columns}

    @property
    def newest_ms(self) -> int:
        """See `Querier`."""
        return self._head.newest_ms if self._head else 0

    def close(self) -> None:
        """Close what is open."""
