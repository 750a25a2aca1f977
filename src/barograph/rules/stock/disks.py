"""Stock alerts about file systems and disks. Values of `table.py`."""

from collections.abc import Mapping

_FILLING_UP = """{free}
  / (
    (
      (({free} offset 1h) - {free}) / 3600
      < (({free} offset 6h) - {free}) / 21600
      or (({free} offset 6h) - {free}) / 21600
    ) > 0
  )
  / 3600
and 100 * (1 - {free} / ({total} > 0)) > 60
unless node_filesystem_readonly == 1"""

ALERTS: Mapping[str, Mapping[str, object]] = {
    "DiskSpaceLow": {
        "expr": """100 * (1 - node_filesystem_avail_bytes / (node_filesystem_size_bytes > 0))
unless node_filesystem_readonly == 1""",
        "for": "2m",
        "warning": {"above": 90, "clear": 87},
        "critical": {"above": 96, "clear": 94},
        "summary": "{{ $labels.mountpoint }} nearly full on {{ $labels.instance }} ({{ printf `%.1f` $value }} %)",
        "description": "{{ $labels.mountpoint }} ({{ $labels.device }}, {{ $labels.fstype }}) has little space left for ordinary users.",
        "runbook": """**What it means.** Of the space that ordinary users may fill, so much is taken. Read-only file systems do not count.

**What to look at.** `du -xh MOUNTPOINT | sort -h | tail`; files that were deleted but are still open (`lsof +L1`); journals, caches, old kernels and container images. DiskFillingUp says how long it will last.

**How to quiet it.** Free or add space. Where a file system is meant to be nearly full, give it a limit of its own: `overrides: {'{mountpoint="/backup"}': 97}`.""",
    },
    "DiskFillingUp": {
        "expr": _FILLING_UP.format(free="node_filesystem_avail_bytes", total="node_filesystem_size_bytes"),
        "interval": "1m",
        "for": "30m",
        "warning": {"below": 24, "clear": 36},
        "critical": {"below": 4, "clear": 8, "for": "10m"},
        "summary": "{{ $labels.mountpoint }} filling up on {{ $labels.instance }} (full in {{ printf `%.0f` $value }} h)",
        "description": "At the pace of the last hour and of the last six, whichever is slower, {{ $labels.mountpoint }} is full in {{ printf `%.1f` $value }} hours.",
        "runbook": """**What it means.** The hours until the file system is full at the slower of two paces, of the last hour and of the last six. It is looked at from 60 % on, once there are samples of six hours.

**What to look at.** What grows: `du -x` twice with some minutes between; the Processes page by bytes written. A log that repeats an error and a backup into the wrong place are the usual two.

**How to quiet it.** If the growth ends by itself (a restore, an import), silence it for that time. For a file system that is filled and emptied by intention: `overrides: {'{mountpoint="/scratch"}': false}`.""",
    },
    "InodesLow": {
        "expr": """100 * (1 - node_filesystem_files_free / (node_filesystem_files > 0))
unless node_filesystem_readonly == 1""",
        "for": "2m",
        "warning": {"above": 90, "clear": 87},
        "critical": {"above": 96, "clear": 94},
        "summary": "Inodes of {{ $labels.mountpoint }} nearly used up on {{ $labels.instance }} ({{ printf `%.1f` $value }} %)",
        "description": "There may be space on {{ $labels.mountpoint }}, but soon no more files can be made on it.",
        "runbook": """**What it means.** Each file takes an inode, and most file systems have a fixed number of them. Without one, making a file fails with "No space left on device".

**What to look at.** Folders with very many files: `du -x --inodes MOUNTPOINT | sort -n | tail`. Mail queues, session files and caches are the usual ones.

**How to quiet it.** Remove files, or make the file system anew with more inodes. XFS and btrfs make them as needed and hardly ever come here.""",
    },
    "InodesFillingUp": {
        "expr": _FILLING_UP.format(free="node_filesystem_files_free", total="node_filesystem_files"),
        "interval": "1m",
        "for": "30m",
        "warning": {"below": 24, "clear": 36},
        "critical": {"below": 4, "clear": 8, "for": "10m"},
        "summary": "Inodes of {{ $labels.mountpoint }} running out on {{ $labels.instance }} (in {{ printf `%.0f` $value }} h)",
        "description": "At the pace of the last hour and of the last six, whichever is slower, the inodes of {{ $labels.mountpoint }} are used up in {{ printf `%.1f` $value }} hours.",
        "runbook": """**What it means.** As DiskFillingUp, for inodes: something makes files without end.

**What to look at.** `du -x --inodes` twice with some minutes between; the Processes page by files and by writes.

**How to quiet it.** As for DiskFillingUp: a silence for a while, or an override for the mount point.""",
    },
    "FilesystemReadOnly": {
        "expr": "node_filesystem_readonly * (2 + (changes(node_filesystem_readonly[10m]) > bool 0))",
        "critical": {"above": 2, "clear": 1},
        "summary": "{{ $labels.mountpoint }} has become read-only on {{ $labels.instance }}",
        "description": "{{ $labels.mountpoint }} ({{ $labels.device }}) could be written to, and no longer can.",
        "runbook": """**What it means.** A file system that was writable is read-only now. The kernel does that after errors, to save what is there. One that is read-only from the beginning never fires. The value is 0 where it can be written to, 2 where not, 3 where that is new.

**What to look at.** `journalctl -k -g 'remount|I/O error|EXT4-fs|XFS'`; `smartctl -a DEVICE`; in a virtual machine, the storage behind it.

**How to quiet it.** Mend the cause, check the file system, mount it again. A remount by hand that should last: an override for the mount point.""",
    },
    "DiskSaturated": {
        "expr": "rate(node_disk_io_time_weighted_seconds_total[5m])",
        "for": "15m",
        "warning": {"above": 20, "clear": 10},
        "critical": {"above": 100, "clear": 50},
        "summary": "Disk {{ $labels.device }} overloaded on {{ $labels.instance }} ({{ printf `%.0f` $value }} requests wait)",
        "description": "So many requests were under way at {{ $labels.device }} on average: more than it can do at once.",
        "runbook": """**What it means.** The average length of the queue at the device: the weighted time of I/O, each second. Busy alone (`node_disk_io_time_seconds_total`) says little about devices that do many things at once; a long queue does.

**What to look at.** The Processes page by I/O; time per request (`rate(node_disk_read_time_seconds_total[5m]) / rate(node_disk_reads_completed_total[5m])`); IoPressure, which says whether anyone had to wait.

**How to quiet it.** Move backups and rebuilds to another time, or limit them. For an array of many disks raise the limits: `overrides: {'{device="md0"}': 200}`.""",
    },
    "IoPressure": {
        "expr": "100 * rate(node_pressure_io_waiting_seconds_total[5m])",
        "for": "15m",
        "warning": {"above": 50, "clear": 30},
        "critical": {"above": 90, "clear": 70},
        "summary": "I/O pressure high on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "In so much of the time at least one task stood still because of a disk.",
        "runbook": """**What it means.** The kernel's pressure stall information for I/O: the part of time in which some task waited for it.

**What to look at.** The Processes page by I/O; DiskSaturated for which device it is; network file systems whose server is slow; reads that should come from memory but do not fit.

**How to quiet it.** Give backups a lower priority (`ionice -c3`, `io.weight`). Hosts that do nothing but copy may have higher limits.""",
    },
}
