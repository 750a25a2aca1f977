"""What every bulk format's writer offers: runs of samples in, bytes out. The export calls it."""

from collections.abc import Sequence
from typing import Protocol

from barograph.model.columns import SeriesRun


class RunWriter(Protocol):
    """One text. Used by one thread."""

    content_type: str

    def begin(self) -> bytes:
        """Return what stands before everything."""
        ...

    def write(self, runs: Sequence[SeriesRun]) -> bytes:
        """Return the text of runs; a later call may bring later samples of the same series."""
        ...

    def end(self) -> bytes:
        """Return what stands after everything."""
        ...
