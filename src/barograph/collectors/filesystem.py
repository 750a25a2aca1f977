"""The filesystem collector: space and inodes of mounted file systems, by statvfs.

A mount whose statvfs does not return (a dead server, a stuck FUSE process) is reported with `device_error`, and
skipped until that call returns; it blocks nobody and costs one thread and no descriptor.
"""

import os
from collections.abc import Callable
from pathlib import Path

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.mounts import Mount, answers_at_once, parse_mountinfo
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.deadline import DeadlineRunner, Outcome
from barograph.model.errors import CollectError
from barograph.model.sample import ABSENT
from barograph.model.units import Duration

DEFAULT_MOUNT_POINTS_EXCLUDE = (
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
)
DEFAULT_FS_TYPES_EXCLUDE = (
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    "|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"
)

_DEVICE_ERROR = gauge("node_filesystem_device_error", "1 where the file system could not be asked; the label says why.")
_READ_ONLY = gauge("node_filesystem_readonly", "1 where the file system is mounted read-only.")
_SPACE = (
    gauge("node_filesystem_size_bytes", "Size of the file system, in bytes."),
    gauge("node_filesystem_free_bytes", "Free space, in bytes, with what is reserved for root."),
    gauge("node_filesystem_avail_bytes", "Free space that ordinary users may fill, in bytes."),
    gauge("node_filesystem_files", "Inodes the file system has in all."),
    gauge("node_filesystem_files_free", "Inodes that are free."),
)
_MOUNT_INFO = gauge("node_filesystem_mount_info", "Always 1; the device numbers of the mount.")
FAMILIES = (_DEVICE_ERROR, _READ_ONLY, *_SPACE, _MOUNT_INFO)

_STUCK = "mountpoint timeout"
_OK = ""

Statvfs = Callable[[str], os.statvfs_result]
Answer = os.statvfs_result | OSError | None
"""What a mount said: its counts, why it refused, or None where it was not asked this time."""


class FilesystemConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the filesystem collector.

    Attributes:
        mount_points_exclude: Pattern of mount points to leave out.
        mount_points_include: Pattern of mount points to keep, instead of an exclude.
        fs_types_exclude: Pattern of file system types to leave out.
        fs_types_include: Pattern of file system types to keep, instead of an exclude.
        mount_timeout: How long a mount may take to answer before it counts as stuck.
    """

    mount_points_exclude: str = DEFAULT_MOUNT_POINTS_EXCLUDE
    mount_points_include: str = ""
    fs_types_exclude: str = DEFAULT_FS_TYPES_EXCLUDE
    fs_types_include: str = ""
    mount_timeout: Duration = Duration(200)


class FilesystemCollector:
    """Fills eight values for each mount. See `model.protocols.Collector`.

    File systems that count in memory (`mounts.answers_at_once`) are asked on the caller's thread: handing over to
    another thread and back costs a quarter of a whole sample of all collectors (benchmarks/bench_collect.py).
    """

    name = "filesystem"

    def __init__(self, host: Host, config: FilesystemConfig, statvfs: Statvfs = os.statvfs) -> None:
        path = "collectors.filesystem"
        self._points = NameFilter(
            f"{path}.mount_points",
            config.mount_points_include,
            config.mount_points_exclude,
            DEFAULT_MOUNT_POINTS_EXCLUDE,
        )
        self._types = NameFilter(
            f"{path}.fs_types", config.fs_types_include, config.fs_types_exclude, DEFAULT_FS_TYPES_EXCLUDE
        )
        self._timeout_s = config.mount_timeout.seconds
        self._clock = host.clock
        self._statvfs = statvfs
        self._rootfs = host.paths.rootfs
        # of process 1, since ours may live in a mount namespace of its own; a hidden /proc/1 leaves ours
        self._tables = [KeptFile(host.paths.procfs / pid / "mountinfo", single=False) for pid in ("1", "self")]
        self._runner: DeadlineRunner[Answer] = DeadlineRunner("statvfs", host.clock)
        self._frame = Frame(self.name)
        self._table = b""
        self._mounts: tuple[Mount, ...] = ()
        self._instant: tuple[bool, ...] = ()
        self._asking: set[str] = set()
        self._errors: tuple[str, ...] = ()
        self._answered: frozenset[str] = frozenset()

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        table = self._read_table()
        is_new = table != self._table
        if is_new:
            self._learn(table)
        answers = self._ask()
        errors = tuple(map(_error_of, answers))
        if is_new or errors != self._errors:
            self._reshape(errors)
        self._frame.values[:] = [
            value for mount, answer in zip(self._mounts, answers, strict=True) for value in _row(mount, answer)
        ]
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open. Threads in calls that hang end when the kernel lets go."""
        for file in self._tables:
            file.close()
        self._runner.close()

    def _read_table(self) -> bytes:
        try:
            return self._tables[0].read()
        except CollectError:
            return self._tables[1].read()

    def _learn(self, table: bytes) -> None:
        """Choose the mounts to ask. Of mounts that would give the same series the last one counts: it lies on top."""
        mounts = parse_mountinfo(table, self._rootfs)
        kept = [mount for mount in mounts if self._points.keeps(mount.point) and self._types.keeps(mount.type)]
        by_type = {(mount.device, mount.point, mount.type): mount for mount in kept}
        by_number = {(mount.device, mount.point, mount.major, mount.minor): mount for mount in by_type.values()}
        self._mounts = tuple(by_number.values())
        self._instant = tuple(answers_at_once(mount, mounts) for mount in self._mounts)
        self._table = table

    def _ask(self) -> list[Answer]:
        """Ask every mount; those that hang, or still do, answer with a timeout."""
        answers: list[Answer] = [None] * len(self._mounts)
        remote: list[int] = []
        for index, mount in enumerate(self._mounts):
            if self._instant[index]:
                answers[index] = self._ask_one(mount.point)
            elif mount.point in self._asking:
                answers[index] = TimeoutError(_STUCK)
            else:
                remote.append(index)
        if remote:
            self._ask_remote(remote, answers)
        return answers

    def _ask_remote(self, remote: list[int], answers: list[Answer]) -> None:
        """Ask mounts that may hang, those first that answered last time.

        All together may take little more than one timeout: once one has hung, the others wait for the next sample.
        """
        remote.sort(key=lambda index: self._mounts[index].point not in self._answered)
        stop_s = self._clock.monotonic_s() + self._timeout_s
        outcomes = self._runner.run([self._call(self._mounts[i].point, stop_s) for i in remote], self._timeout_s)
        for index, outcome in zip(remote, outcomes, strict=True):
            answers[index] = _answer_of(outcome)
        self._answered = frozenset(self._mounts[i].point for i in remote if isinstance(answers[i], os.statvfs_result))

    def _call(self, point: str, stop_s: float) -> Callable[[], Answer]:
        def call() -> Answer:
            if self._clock.monotonic_s() >= stop_s:
                return None
            self._asking.add(point)
            try:
                return self._ask_one(point)
            finally:
                # where the call hung, this runs when the kernel lets go: from then on the mount is asked again
                self._asking.discard(point)

        return call

    def _ask_one(self, point: str) -> Answer:
        try:
            return self._statvfs(point if self._rootfs == _ROOT else f"{self._rootfs}{point}")
        except OSError as error:
            return error

    def _reshape(self, errors: tuple[str, ...]) -> None:
        self._errors = errors
        specs: list[SeriesSpec] = []
        for mount, error in zip(self._mounts, errors, strict=True):
            point = _printable(mount.point)
            labels = {"device": _printable(mount.device), "mountpoint": point, "fstype": mount.type}
            families = (_DEVICE_ERROR, _READ_ONLY) if error else (_DEVICE_ERROR, _READ_ONLY, *_SPACE)
            specs += [SeriesSpec(family, {**labels, "device_error": error}) for family in families]
            if not error:
                numbers = {"major": mount.major, "minor": mount.minor}
                info = {"device": labels["device"], "mountpoint": point, **numbers}
                specs.append(SeriesSpec(_MOUNT_INFO, info))
        self._frame.reshape(specs)


_ROOT = Path("/")


def _answer_of(outcome: Outcome[Answer]) -> Answer:
    if outcome.hung:
        return TimeoutError(_STUCK)
    if outcome.error is not None:
        raise CollectError(f"statvfs failed unexpectedly: {outcome.error}") from outcome.error
    return outcome.value


def _error_of(answer: Answer) -> str:
    if isinstance(answer, OSError):
        return (os.strerror(answer.errno) if answer.errno else str(answer)).lower()
    return _OK


def _row(mount: Mount, answer: Answer) -> tuple[float, ...]:
    """Return a mount's values in the order of its series; ABSENT where it was not asked this time."""
    read_only = 1.0 if mount.is_read_only else 0.0
    if isinstance(answer, OSError):
        return (1.0, read_only)
    if answer is None:
        return (ABSENT,) * 8
    unit = answer.f_frsize
    return (
        0.0,
        read_only,
        float(answer.f_blocks * unit),
        float(answer.f_bfree * unit),
        float(answer.f_bavail * unit),
        float(answer.f_files),
        float(answer.f_ffree),
        1.0,
    )


def _printable(text: str) -> str:
    """Return a path as a label value: bytes that are no UTF-8 become the replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


ENTRY = CollectorEntry(
    factory=FilesystemCollector,
    section=FilesystemConfig,
    default=True,
    summary="Space and inodes of mounted file systems",
    files=("/proc/1/mountinfo", "/proc/self/mountinfo (where the other is hidden)", "statvfs(3)"),
    privileges="root: mounts in folders that are others'",
    families=FAMILIES,
)
