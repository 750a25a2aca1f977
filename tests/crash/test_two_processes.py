"""The head is read by one process while another writes it: every row that is read is a whole row."""

import mmap
import os
import signal
import time

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.tsdb.head import Head
from barograph.tsdb.headview import HeadView

COLUMNS, SLOTS, READS = 300, 12, 3000
_LONGEST_S = 60.0


class SharedPiece:
    def __init__(self, size_bytes: int) -> None:
        self._map = mmap.mmap(-1, size_bytes)

    @property
    def buffer(self) -> memoryview:
        return memoryview(self._map)


class SharedPieces:
    def allocate(self, size_bytes: int) -> SharedPiece:
        return SharedPiece(size_bytes)

    def publish(self, segment: object) -> None:
        assert isinstance(segment, SharedPiece)
        self.current = segment


def test_no_row_is_torn() -> None:
    family = Family("m", MetricType.GAUGE, "")
    schema = Schema((family,), tuple(Labels.of("m", i=str(i)) for i in range(COLUMNS)), (0,) * COLUMNS)
    pieces = SharedPieces()
    head = Head(pieces, SLOTS)
    head.append(Batch("a", schema, 1, np.full(COLUMNS, 1.0)), 1)
    writer = os.fork()
    if writer == 0:
        values = np.empty(COLUMNS)
        for tick in range(2, 1 << 40):
            values[:] = tick
            head.append(Batch("a", schema, tick, values), tick)
    try:
        view = HeadView(pieces.current.buffer)
        seen, newest, reads = 0, 0, 0
        end_s = time.monotonic() + _LONGEST_S
        # the writer may have been given no processor for a while
        while (reads < READS or newest <= READS / 10 or seen <= READS) and time.monotonic() < end_s:
            reads += 1
            times, values = view.groups[0].read(0, 1 << 60, slice(0, COLUMNS))
            assert (np.diff(times) == 1).all()
            assert (values == times.astype(np.float64)).all()
            assert len(times) == 0 or times[-1] >= newest
            newest = int(times[-1]) if len(times) else newest
            seen += len(times)
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
    assert newest > READS / 10
    assert seen > READS
