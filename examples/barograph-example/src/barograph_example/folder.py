"""Files in a folder, and their bytes."""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Metric(NamedTuple):
    """What a metric is."""

    name: str
    type: str
    help: str


class FolderCollector:
    """Counts the files of one folder.

    Args:
        options: `path`, the folder.

    Raises:
        ValueError: It is not given.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        if not options.get("path"):
            raise ValueError("the option `path` is missing: the folder to look at")
        self._path = options["path"]

    def describe(self) -> list[Metric]:
        """Say what `collect` gives. Called once."""
        return [
            Metric("folder_files", "gauge", "Files in the folder."),
            Metric("folder_bytes", "gauge", "Bytes of its files together."),
        ]

    def collect(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        """Give the values of now. Whatever it raises is counted, and it is tried again later."""
        files = [entry for entry in os.scandir(self._path) if entry.is_file(follow_symlinks=False)]
        labels = {"path": self._path}
        yield "folder_files", labels, len(files)
        yield "folder_bytes", labels, sum(entry.stat(follow_symlinks=False).st_size for entry in files)
