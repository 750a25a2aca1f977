"""Deletion by matchers and time, and the rewriting of files that makes it final. Works for `Store.submit`.

What is deleted is gone from every answer when the work has its result, and stays gone whenever the process ends. The
bytes are overwritten by merges, or at once by `clean`.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import apsw
import numpy as np

from barograph.model.matcher import Matcher
from barograph.model.sample import ABSENT_BITS
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.blocks import BlockWriter, Span, read_spans
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.fold import FoldResult
from barograph.tsdb.head import Head, HeadGroup
from barograph.tsdb.jobs import StoreParts, Work
from barograph.tsdb.merge import rewrite
from barograph.tsdb.tombstones import Tombstone, TombstoneFile, reaching


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What to delete.

    Attributes:
        selectors: Series that satisfy all matchers of one of them.
        start_ms: The first instant.
        end_ms: The last instant.
    """

    selectors: tuple[tuple[Matcher, ...], ...]
    start_ms: int
    end_ms: int


def delete(deletion: Deletion) -> Work[None]:
    """Return the work that deletes samples; samples of the same instants that come later stay."""

    def work(parts: StoreParts) -> Generator[None, None, None]:
        # what is only in the ring could not be told from what comes later
        parts.fold_now()
        until = _bump(parts, deletion)
        found = [Tombstone(0, each, deletion.start_ms, deletion.end_ms, until) for each in deletion.selectors]
        file = TombstoneFile(parts.files.folder, parts.files.vfs)
        try:
            file.add(found)
        finally:
            file.close()
        parts.files.read_tombstones()
        for each in found:
            _blank(parts.head, each)
        parts.head.raise_fold_generation(0)
        yield

    return work


def clean() -> Work[int]:
    """Return the work that rewrites what tombstones reach, and then takes them out; gives how many spans it wrote."""

    def work(parts: StoreParts) -> Generator[None, None, int]:
        result = FoldResult()
        tombstones = list(parts.files.tombstones)
        # tiers are made anew of the samples; where these are gone, readers leave out what was deleted
        for name in (name for name in filenames.block_names(parts.files.folder) if not name.tier):
            for span in _reached(parts, name, tombstones):
                yield from rewrite(parts.files.block(name), [span], parts.files.tombstones, result)
                parts.head.raise_fold_generation(0)
        parts.stats.merges += result.merges
        left = [each for each in tombstones if not _is_spent(parts, each)]
        file = TombstoneFile(parts.files.folder, parts.files.vfs)
        try:
            file.remove(each.number for each in tombstones if each not in left)
        finally:
            file.close()
        parts.files.read_tombstones()
        parts.head.raise_fold_generation(0)
        return result.merges

    return work


def _bump(parts: StoreParts, deletion: Deletion) -> dict[str, int]:
    """Return the newest span of each file that holds samples of the time, and have later ones numbered beyond it."""
    until: dict[str, int] = {}
    for name in filenames.block_names(parts.files.folder):
        if name.start_ms <= deletion.end_ms and name.end_ms > deletion.start_ms:
            until[name.file_name] = raise_sequence(parts.files.block(name)) - 1
    return until


def raise_sequence(writer: BlockWriter) -> int:
    """Raise the number of a file's newest span, so that what was made of the file is known to be out of date.

    Raises:
        apsw.Error: It could not be written.
    """
    with writer.connection:
        writer.connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'spans'")
    return int(writer.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spans'").get or 0)


def _blank(head: Head, tombstone: Tombstone) -> None:
    """Take samples out of the head, under the eyes of its readers."""
    for group in head.groups.values():
        columns = [column for column, info in enumerate(group.columns) if tombstone.matches(info.labels)]
        if columns:
            _blank_group(group, columns, tombstone)


def _blank_group(group: HeadGroup, columns: Sequence[int], tombstone: Tombstone) -> None:
    slots = group.slots_of(group.first, group.count)
    times = group.timestamps[slots]
    slots = slots[(times >= tombstone.start_ms) & (times <= tombstone.end_ms)]
    group.values.view(np.uint64)[np.ix_(slots, np.array(columns, np.intp))] = ABSENT_BITS


def _reached(parts: StoreParts, name: BlockName, tombstones: Sequence[Tombstone]) -> list[Span]:
    try:
        spans, _ = read_spans(parts.files.block(name).connection)
    except (apsw.Error, *sqlite.UNREADABLE):
        return []
    return [span for span in spans if reaching(tombstones, name.file_name, span.span, span.first_ms, span.last_ms)]


def _is_spent(parts: StoreParts, tombstone: Tombstone) -> bool:
    """Tell whether no file has a span any more that a tombstone reaches."""
    names = [each for each in filenames.block_names(parts.files.folder) if each.file_name in tombstone.until]
    return not any(_reached(parts, name, [tombstone]) for name in names)
