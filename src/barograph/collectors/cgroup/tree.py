"""The tree of control groups, of version 2 or 1: one pass a sample, shared by the collectors that show it.

Descriptors are kept for groups that live on. The tree is walked anew where one vanished, and every few samples.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from barograph.collectors.attributes import Attributes, names_in
from barograph.collectors.cgroup.counts import V1_FILES, V2_FILES, Counts, counts_v1, counts_v2
from barograph.collectors.cgroup.membership import Membership, membership_of
from barograph.model.errors import CollectError, NoDataError

_WALK_SAMPLES = 5
_DEEPEST = 8


class Group:
    """One control group while it lives."""

    __slots__ = ("_files", "_is_read", "_is_v2", "before", "counts", "membership", "path")

    def __init__(self, path: str, folders: dict[str, Path]) -> None:
        self.path = path
        self.membership: Membership = membership_of(path)
        self._is_v2 = "" in folders
        names = {"": V2_FILES} if self._is_v2 else V1_FILES
        self._files = {key: _Files(f"{folder}{path}", names[key]) for key, folder in folders.items()}
        self.counts = Counts()
        self._is_read = False
        self.before: Counts | None = None
        """What it was at the pass before; None at its first."""

    def read(self) -> bool:
        """Read it; False where it is gone.

        Raises:
            ValueError, IndexError: A file is not as the kernel writes it.
        """
        contents = {key: files.read() for key, files in self._files.items()}
        if all(content is None for part in contents.values() for content in part):
            return False
        self.before = self.counts if self._is_read else None
        self._is_read = True
        self.counts = counts_v2(contents[""]) if self._is_v2 else counts_v1(contents)
        return True

    def close(self) -> None:
        """Close the descriptors."""
        for files in self._files.values():
            files.close()


class _Files:
    """The files of a group in one hierarchy. Those that it lacks when it is met are not looked for again."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        present = set(names_in(Path(folder)))
        self._there = [name in present for name in names]
        self._attributes = Attributes(Path(folder), [name for name in names if name in present])
        self._nothing: list[bytes | None] = [None] * len(names)

    def read(self) -> list[bytes | None]:
        """Return each file's content, None for those that are not there."""
        if not any(self._there):
            return self._nothing
        contents = iter(self._attributes.read())
        return [next(contents) if there else None for there in self._there]

    def close(self) -> None:
        self._attributes.close()


class CgroupTree:
    """All control groups of this host. Used by one thread at a time.

    Args:
        sysfs: The kernel's root.
    """

    def __init__(self, sysfs: Path) -> None:
        self._root = sysfs / "fs/cgroup"
        self._folders: dict[str, Path] = {}
        self._groups: dict[str, Group] = {}
        self._latest_ms: int | None = None
        self._passes = 0
        self.max_groups = 0
        """How many groups are read; 0 until a collector wants any."""
        self.left_out = 0
        """How many there were no room for."""

    def read_at(self, timestamp_ms: int) -> dict[str, Group]:
        """Return the groups by path as of this instant: read at the first call for it.

        Raises:
            NoDataError: This host has no control groups.
            CollectError: A file is not as the kernel writes it.
        """
        if self._latest_ms == timestamp_ms:
            return self._groups
        if self._passes % _WALK_SAMPLES == 0:
            self._walk()
        gone = self._read()
        if gone:
            self._walk()
        self._passes += 1
        self._latest_ms = timestamp_ms
        return self._groups

    def close(self) -> None:
        """Close every descriptor; the next pass begins anew."""
        for group in self._groups.values():
            group.close()
        self._groups, self._folders, self._passes, self._latest_ms = {}, {}, 0, None

    def _read(self) -> bool:
        gone = []
        for path, group in self._groups.items():
            try:
                if not group.read():
                    gone.append(path)
            except (ValueError, IndexError) as error:
                raise CollectError(f"{self._root}{path}: a file is not as the kernel writes it: {error}") from error
        for path in gone:
            self._groups.pop(path).close()
        return bool(gone)

    def _walk(self) -> None:
        if not self._folders:
            self._folders = _hierarchies(self._root)
        if not self._folders:
            raise NoDataError(f"{self._root} holds no control groups")
        paths: dict[str, None] = {}
        for folder in dict.fromkeys(self._folders.values()):
            _collect_paths(os.fspath(folder), "", paths, 0)
        # containers and units first, then what is near the root
        ranked = sorted(paths, key=lambda path: (not membership_of(path).container, path.count("/"), path))
        kept = ranked[: self.max_groups]
        self.left_out = len(ranked) - len(kept)
        for path in self._groups.keys() - set(kept):
            self._groups.pop(path).close()
        for path in kept:
            if path not in self._groups:
                self._groups[path] = Group(path, self._folders)


def _hierarchies(root: Path) -> dict[str, Path]:
    """Return where groups are: under "" for version 2, else by controller of version 1."""
    if (root / "cgroup.controllers").exists():
        return {"": root}
    found = {name: root / name for name in V1_FILES if (root / name).is_dir()}
    if found:
        return found
    unified = root / "unified"
    return {"": unified} if (unified / "cgroup.controllers").exists() else {}


def _collect_paths(folder: str, path: str, found: dict[str, None], depth: int) -> None:
    """Add the paths below a group; the root itself is the whole machine, which others show."""
    if depth >= _DEEPEST:
        return
    try:
        with os.scandir(f"{folder}{path}") as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return  # it vanished
    for name in names:
        found[f"{path}/{name}"] = None
        _collect_paths(folder, f"{path}/{name}", found, depth + 1)
