"""What there is to read in a data folder: its head, its block files, and which series these have.

Two locks: one for what is known of series and of the head, one for the files. Who wants both takes them in that order.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Family
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.tsdb.assemble import LabelRows
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.dayfiles import DayFiles
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.filereads import FileReads
from barograph.tsdb.headview import GroupView, HeadView
from barograph.tsdb.index import LabelIndex, SeriesIds, collector_at_rest
from barograph.tsdb.offline import read_ring, require_store
from barograph.tsdb.plans import Plan, Plans
from barograph.tsdb.tierreads import thinned_series

_PLANS = 512
_SERIES_AT_ONCE = 2_000
"""Series whose labels are put into the index under one hold of the lock: about a hundredth of a second."""
Places = NDArray[np.intp]


class FolderView:
    """What is known of a data folder without reading a sample; `StoreReader` reads them.

    Its methods that begin with `_` are for that one.
    """

    def __init__(self, folder: Path, config: StoreConfig, *, plans: int = _PLANS) -> None:
        """Look at a data folder, which need not exist yet; nothing is opened before the first use.

        Args:
            folder: The data folder.
            config: How samples are kept.
            plans: Of how many sets of matchers it remembers what they select.
        """
        self._lock = threading.Lock()
        self._files_lock = threading.Lock()
        self._index = LabelIndex()
        self._plans = Plans(self._index, plans)
        self._files = DayFiles(folder, config, self._index)
        self._reads = FileReads(self._files, config.decoded_cache.bytes // 2)
        self._widths_ms = config.tier_widths_ms
        self._label_rows = LabelRows(self._index.labels)
        self._generation = -1
        """Of the head when the files were looked at; while these are read ahead it may have a newer one."""
        self._rows_in_files: dict[str, int] = {}
        """Of each source of the head: its rows before this number are in the files as they are known."""
        self._is_reading_ahead = False
        self._file_warnings: list[str] = []
        self._offline_warnings: tuple[str, ...] = ()

    @classmethod
    def open_offline(cls, folder: Path, config: StoreConfig) -> Self:
        """Open a folder without its keeper: what was committed until now, ticks that are only in the ring included.

        Raises:
            FolderError: There is no store in this folder, or it cannot be read.
            VersionError: A file was written by a newer program.
        """
        require_store(folder)
        reader = cls(folder, config)
        reader.read_ring(folder)
        return reader

    def read_ring(self, folder: Path) -> None:
        """Take in what a folder holds now, where no keeper gives its head.

        Raises:
            FolderError, VersionError: The ring cannot be read.
        """
        ring = read_ring(folder)
        self._offline_warnings = ring.warnings
        self._take_head(HeadView(ring.head) if ring.head is not None else None)

    def attach(self, buffer: memoryview) -> None:
        """Take a (new) head segment.

        Raises:
            VersionError: Its writer is another version of the program.
        """
        self._take_head(HeadView(buffer))

    @property
    def is_behind(self) -> bool:
        """Whether block files have changed since they were last looked at, so that the next question looks again."""
        return self._plans.head is not None and self._plans.head.fold_generation != self._generation

    def put_off(self) -> None:
        """Have whoever asks answered from the files as they were, from now on: `read_ahead` is about to begin."""
        self._is_reading_ahead = True

    def read_ahead(self, pause: Callable[[], None]) -> bool:
        """Take in a run of series that block files have got; tells whether there may be more.

        For a thread beside an event loop: a million series are many seconds' work. While there are more, whoever asks
        is answered from the files as they were. Call `catch_up` at the end.

        Args:
            pause: Called without the lock, time and again: a lock is not fair, so others are let in then.
        """
        self.put_off()
        try:
            with collector_at_rest():
                self._is_reading_ahead = self._read_run(pause)
        except BaseException:
            self._is_reading_ahead = False  # others look for themselves
            raise
        return self._is_reading_ahead

    def _read_run(self, pause: Callable[[], None]) -> bool:
        with self._lock, self._files_lock:
            files = self._files.files_ahead()
        for file in files:
            with self._files_lock:
                run = self._files.next_run(file)
            if run is None:
                continue
            first, infos = run
            for low in range(0, len(infos), _SERIES_AT_ONCE):
                with self._lock:
                    self._index.add_all(info.labels for info in infos[low : low + _SERIES_AT_ONCE])
                pause()
            with self._lock, self._files_lock:
                self._files.take_series(file, first, infos)
            return True
        return False

    def catch_up(self) -> None:
        """Look at block files again where they have changed."""
        with self._lock:
            self._sync()

    @property
    def damaged(self) -> int:
        """How often something damaged was met in block files."""
        return self._files.damaged

    def in_head(self, selections: Sequence[tuple[Matcher, ...]]) -> tuple[int, list[tuple[GroupView, list[Places]]]]:
        """Return which columns of each source of the head some matchers select.

        Returns:
            A number that rises when the answer may be another one, and for each source the columns of each selection.
        """
        with self._lock:
            self._sync()
            self._plans.drop_outdated()
            wanted = [self._index.match(key) for key in selections]
            sources = self._plans.sources()
            return self._plans.epoch, [
                (view, [np.flatnonzero(each[series]) for each in wanted]) for view, series in sources
            ]

    def head_has_all(self, start_ms: int, end_ms: int) -> bool:
        """Tell whether the head has every sample of a range, so that no file need be looked at."""
        with self._lock:
            self._sync()
            covered = {view.source: view.covers() for view in self._plans.views}
            with self._files_lock:
                spans = list(self._files.spans_between(start_ms, end_ms))
        for _, span in spans:
            oldest_ms, newest_ms = covered.get(span.source, (0, -1))
            if max(span.first_ms, start_ms) < oldest_ms or min(span.last_ms, end_ms) > newest_ms:
                return False
        return True

    def time_range(self) -> tuple[int, int]:
        """Return the oldest and the newest timestamp; the first is greater where the store is empty."""
        with self._lock:
            self._sync()
            oldest_ms, newest_ms = self._bounds()
        return (oldest_ms, newest_ms) if oldest_ms <= newest_ms else (0, -1)

    def days(self) -> list[int]:
        """Return the UTC days since 1970 that may have samples, in order."""
        with self._lock:
            self._sync()
            found = {file.name.start_ms // DAY_MS for file in self._files.of_samples}
            for view in self._plans.views:
                oldest, newest = view.covers()
                found.update(range(oldest // DAY_MS, newest // DAY_MS + 1))
        return sorted(found)

    @property
    def tier_widths_ms(self) -> tuple[int, ...]:
        """See `TieredQuerier`."""
        return tuple(self._widths_ms.values())

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        return sorted(self._index.labels[number] for number in found.tolist())

    def count(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        """See `Querier`."""
        return len(self._matching(matchers, start_ms, end_ms))

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        with self._lock:
            return self._index.names_of(found)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        with self._lock:
            return self._index.values_of(name, found)

    def metadata(self) -> dict[str, Family]:
        """See `Querier`."""
        with self._lock:
            self._sync()
            views, families = self._plans.views, self._files.families()
        for view in views:
            families.update((info.family.name, info.family) for info in view.columns)
        return families

    @property
    def newest_ms(self) -> int:
        """See `Querier`."""
        with self._lock:
            if self._plans.head is not None and self._plans.head.newest_ms:
                return self._plans.head.newest_ms
            self._sync()
            return self._files.newest_ms()

    def close(self) -> None:
        """Close what is open; the reader must not be used afterwards."""
        with self._lock, self._files_lock:
            self._files.close()
            self._plans.head = None

    def _take_head(self, head: HeadView | None) -> None:
        with self._lock:
            self._plans.take(head)
            self._generation = -1
            self._rows_in_files = {}  # rows may be numbered anew

    def _plan(self, key: tuple[Matcher, ...]) -> Plan:
        """Return what the matchers select. The lock is held."""
        self._sync()
        return self._plans.of(key)

    def _plan_of(self, labels: Sequence[Labels]) -> Plan:
        """Return a plan of single series. The lock is held."""
        self._sync()
        return self._plans.of_series(labels)

    def _sync(self) -> None:
        """Take in what has changed: new columns of the head, and block files after a fold. The lock is held."""
        generation = self._plans.refresh()
        if generation == self._generation:
            return
        if not self._is_reading_ahead or lacks_rows(self._plans.views, self._rows_in_files):
            self._is_reading_ahead = False
            self._refresh_files(generation)

    def _unfolded(self) -> list[tuple[int, int]]:
        """Return between which instants each source has rows that the files may not have. The lock is held."""
        return [view.span_from(self._rows_in_files.get(view.source, 0)) for view in self._plans.views]

    def _look_again(self) -> None:
        """Look at block files again, at once: blocks have moved. Who reads ahead could put it off else."""
        with self._lock:
            self._is_reading_ahead = False
            self._refresh_files(self._plans.refresh())

    def _refresh_files(self, generation: int) -> None:
        # before the files are looked at, so that these have no fewer
        rows = {view.source: view.folded_rows for view in self._plans.views}
        with self._files_lock:
            self._file_warnings = []
            self._files.refresh(self._file_warnings)
            self._reads.forget()
        self._generation, self._rows_in_files = generation, rows

    def _bounds(self) -> tuple[int, int]:
        """Return between which instants there may be samples. The lock is held."""
        with self._files_lock:
            oldest_ms, newest_ms = self._files.bounds()
        for view in self._plans.views:
            first_ms, last_ms = view.covers()
            if last_ms >= first_ms:
                oldest_ms, newest_ms = min(oldest_ms, first_ms), max(newest_ms, last_ms)
        return oldest_ms, newest_ms

    def _matching(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesIds:
        """Return the numbers of matching series that may have samples in the range, sorted."""
        with self._lock:
            plan = self._plan(tuple(matchers))
            parts = self._files.series_between(start_ms, end_ms)
            parts += thinned_series(self._files, self._widths_ms, start_ms, end_ms)
            for view, series in self._plans.sources():
                oldest, newest = view.covers()
                if oldest <= end_ms and newest >= start_ms and newest >= oldest:
                    parts.append(series)
        # a mask and no sorting: a million series are looked through in milliseconds
        present = np.zeros(len(plan.wanted), np.bool_)
        for part in parts:
            # series that joined after the matchers were evaluated are not asked for
            present[part[(part >= 0) & (part < len(present))]] = True
        return np.flatnonzero(present & plan.wanted)


def lacks_rows(views: Sequence[GroupView], in_files: Mapping[str, int]) -> bool:
    """Tell whether rows may have left a head that files do not have; `in_files` says from which number on they lack.

    Those that a failing disk never took have left it for nowhere: nobody need look for them.
    """
    return any(min(view.first_row, view.folded_rows) > in_files.get(view.source, 0) for view in views)
