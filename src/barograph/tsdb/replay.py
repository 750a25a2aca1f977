"""Replay: the ticks of live.db that are not yet in block files, put back into a head.

The store calls it at start and, after an outage that outlived the ring, for a second head to fold from; readers call it
where no keeper runs. It only reads.
"""

from collections.abc import Mapping, Sequence

import apsw
import numpy as np
from numpy.typing import NDArray

from barograph.model.errors import CorruptError
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.head import Head
from barograph.tsdb.log import LogLayout, read_layouts, read_ticks


def replay(connection: apsw.Connection, head: Head, folded_tick: int, folded: Mapping[str, int]) -> int:
    """Put every unfolded tick into the head.

    Args:
        connection: An open live.db.
        head: Where they go; its ring must have at least as many slots as the log's.
        folded_tick: The newest tick that is marked as folded; what is not newer is left out.
        folded: For each source the newest tick that is in a block file: a fold may have been interrupted between
            its block file and the mark in the log.

    Returns:
        How many slots and layouts were damaged; what they held is a gap.
    """
    damaged = 0
    try:
        layouts, damaged = read_layouts(connection)
        damaged += _replay(connection, head, folded_tick, folded, layouts)
    except (apsw.CorruptError, apsw.NotADBError):
        # the file's own structure is broken here: what was read until now is kept
        damaged += 1
    return damaged


def _replay(
    connection: apsw.Connection,
    head: Head,
    folded_tick: int,
    folded: Mapping[str, int],
    layouts: Mapping[int, LogLayout],
) -> int:
    damaged = 0
    placements: dict[tuple[int, int], NDArray[np.intp]] = {}
    for found in read_ticks(connection, folded_tick):
        if isinstance(found, CorruptError):
            damaged += 1
            continue
        for row in found.rows:
            layout = layouts.get(row.layout_id)
            if layout is None or len(row.bits) > len(layout.columns):
                damaged += 1
            elif found.tick > folded.get(layout.source, 0):
                key = (row.layout_id, len(row.bits))
                if key not in placements:
                    placements[key] = _place(layout.source, layout.columns[: len(row.bits)], head)
                head.restore(layout.source, row.timestamp_ms, placements[key], row.bits, found.tick)
    return damaged


def _place(source: str, infos: Sequence[SeriesInfo], head: Head) -> NDArray[np.intp]:
    """Return the head's column of each series, new ones added."""
    group = head.groups.get(source)
    fresh = [info for info in infos if group is None or info.labels not in group.column_of]
    if group is None or fresh:
        group = head.add_columns(source, fresh)
    return np.array([group.column_of[info.labels] for info in infos], np.intp)
