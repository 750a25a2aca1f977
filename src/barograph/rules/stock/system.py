"""Stock alerts about the network, the clock, units, targets, and about Barograph itself. Values of `table.py`."""

from collections.abc import Mapping

_OWN = "**How to quiet it.** Not at all, if it can be helped: while it fires, other alerts may be missing."

ALERTS: Mapping[str, Mapping[str, object]] = {
    "NetworkErrors": {
        "expr": """100
  * (rate(node_network_receive_errs_total{device!="lo"}[5m]) + rate(node_network_transmit_errs_total{device!="lo"}[5m]))
  / (
    rate(node_network_receive_packets_total{device!="lo"}[5m])
    + rate(node_network_transmit_packets_total{device!="lo"}[5m]) > 1
  )""",
        "for": "15m",
        "warning": {"above": 1, "clear": 0.5},
        "critical": {"above": 10, "clear": 5},
        "summary": "Packet errors of {{ $labels.device }} on {{ $labels.instance }} ({{ printf `%.1f` $value }} %)",
        "description": "{{ $labels.device }} counts errors on receiving or sending for more packets than a sound link has.",
        "runbook": """**What it means.** Packets that the device counts as faulty, against all of them, where there is more than one a second.

**What to look at.** Which counter it is: `ip -s -s link show DEVICE`. Checksums and frames point at cable, optics or port; overruns at a host that does not keep up. The other end of the link counts too.

**How to quiet it.** Mend the link. For a radio link that is never quite clean: an override for the device.""",
    },
    "ClockSkew": {
        "expr": "abs(node_timex_offset_seconds)",
        "for": "10m",
        "warning": {"above": 0.05, "clear": 0.02},
        "critical": {"above": 0.5, "clear": 0.1},
        "summary": "Clock off on {{ $labels.instance }} ({{ humanizeDuration $value }})",
        "description": "The time daemon has told the kernel of an offset that it does not get rid of.",
        "runbook": """**What it means.** The offset between the clock and its source, as the kernel knows it from the time daemon. Certificates, tokens and the order of logs depend on it.

**What to look at.** `chronyc tracking` or `timedatectl timesync-status`: is a server reachable, does the frequency run at its limit? In a virtual machine, whether host and guest both set the clock.

**How to quiet it.** Mend the synchronisation. Right after a start a large offset is normal, and is gone before this fires.""",
    },
    "ClockNotSynchronised": {
        "expr": "(1 - node_timex_sync_status) * (2 + (changes(node_timex_sync_status[1h]) > bool 0))",
        "for": "10m",
        "warning": {"above": 2, "clear": 1},
        "summary": "Clock no longer synchronised on {{ $labels.instance }}",
        "description": "The clock was kept by a time daemon, and is not any more: it drifts.",
        "runbook": """**What it means.** The kernel's clock was marked as synchronised and is not now. A host whose clock never was never fires. The value is 0 where it is, 2 where not, 3 where that is new.

**What to look at.** Whether chrony, ntpd or systemd-timesyncd runs, and reaches a server: `chronyc sources`, `timedatectl`.

**How to quiet it.** Start the daemon again. If the clock is set in a way that the kernel does not hear of, switch this alert off.""",
    },
    "UnitFailed": {
        "expr": 'node_systemd_unit_state{state="failed"}',
        "for": "1m",
        "warning": {"above": 0},
        "summary": "{{ $labels.name }} failed on {{ $labels.instance }}",
        "description": "systemd has given {{ $labels.name }} up: it ended with an error, was killed, or did not start in time.",
        "runbook": """**What it means.** The unit is in the state "failed", and stays so until it is started again or reset.

**What to look at.** `systemctl status UNIT`, `journalctl -u UNIT -e`. The table frozen with this alert shows what else went on.

**How to quiet it.** Mend and start it; `systemctl reset-failed UNIT` if its failing does not matter. For one that fails as a habit: `overrides: {'{name="UNIT"}': false}`.""",
    },
    "HostDown": {
        "expr": '1 - up{job=~"node.*"}',
        "for": "2m",
        "critical": {"above": 0},
        "summary": "{{ $labels.instance }} does not answer",
        "description": "No samples of this host have come for two minutes: it is down, or cannot be reached.",
        "runbook": """**What it means.** `up` of the host's own metrics is 0: it does not answer, or not in a form that can be read.

**What to look at.** The Targets page says why. Does the host answer at all, from here and from elsewhere? Its console, its power, the network on the way.

**How to quiet it.** Bring it back, or take it out of the configuration. While this fires, the other alerts of the host are held back by default.""",
    },
    "TargetDown": {
        "expr": '1 - up{job!~"node.*"}',
        "for": "2m",
        "warning": {"above": 0},
        "summary": "{{ $labels.job }} does not answer on {{ $labels.instance }}",
        "description": "No samples of {{ $labels.job }} on {{ $labels.instance }} have come for two minutes.",
        "runbook": """**What it means.** `up` is 0: what is asked for metrics does not answer, or not in a form that can be read.

**What to look at.** The Targets page says why. Is the host up, the service running, the port open from here?

**How to quiet it.** Mend the target, or take it out of the configuration. Where it is the whole host, HostDown holds this back by default.""",
    },
    "CollectorDown": {
        "expr": '1 - barograph_collector_success{reason=~"error|hung"}',
        "for": "5m",
        "warning": {"above": 0},
        "summary": "Collector {{ $labels.collector }} gives nothing on {{ $labels.instance }} ({{ $labels.reason }})",
        "description": "What {{ $labels.collector }} would measure is missing, and alerts that are made of it say nothing.",
        "runbook": """**What it means.** A collector failed (`error`), or the kernel does not answer it (`hung`: a dead network mount, a stuck device). One whose subject is not there, or that lacks a privilege, does not count.

**What to look at.** `barograph collect NAME` says what is wrong; Barograph's log has it too. For `hung`: `cat /proc/PID/stack` of the thread that waits.

**How to quiet it.** Mend the cause, or switch the collector off: `collectors: {NAME: {enabled: false}}`.""",
    },
    "StoreReadOnly": {
        "expr": "barograph_store_read_only",
        "critical": {"above": 0},
        "summary": "Barograph cannot write to its disk on {{ $labels.instance }}",
        "description": "Samples are kept in memory only. They are written once the disk takes them again, and lost if Barograph ends before.",
        "runbook": f"""**What it means.** The data folder's disk is full, failing or read-only. Everything goes on from memory, for as long as there is room.

**What to look at.** `df` of the data folder, `journalctl -k`, `barograph doctor`, `barograph store verify`.

{_OWN} Free space; nothing needs to be started again.""",
    },
    "StoreDiskLow": {
        "expr": "barograph_store_low_space",
        "for": "1m",
        "warning": {"above": 0},
        "summary": "Disk of Barograph's data nearly full on {{ $labels.instance }}",
        "description": "Imports and other bulk work are refused; with less space still, nothing can be kept.",
        "runbook": f"""**What it means.** The disk of the data folder has little free space. Barograph keeps within `store.max_size`; so mostly something else fills it.

**What to look at.** `df` and `du` of the folder's disk; `barograph_store_folder_bytes` for our own part.

{_OWN} Free space, or lower `store.retention` or `store.max_size`.""",
    },
    "Watchdog": {
        "expr": """100
  * rate(barograph_ticks_missed_total[2m])
  / (rate(barograph_ticks_total[2m]) + rate(barograph_ticks_missed_total[2m]) > 0)""",
        "for": "5m",
        "warning": {"above": 10, "clear": 2},
        "critical": {"above": 50, "clear": 20},
        "summary": "Barograph misses ticks on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "The monitoring itself does not get to its work: samples are missing, and alerts come late.",
        "runbook": f"""**What it means.** Barograph watches itself: of the instants at which it should have collected and evaluated rules, so many were passed over. Unlike the Watchdog of others it is silent while all is well: that everything works is told to the outside by the dead-man's switch.

**What to look at.** CpuBusy and MemoryPressure on this host; which collector takes long (`barograph_collector_duration_seconds`); `barograph doctor`.

{_OWN} On a very small host collect less often: `collectors: {{interval: 5s}}`.""",
    },
    "RulesFailing": {
        "expr": "increase(barograph_rule_evaluation_failures_total[5m])",
        "for": "5m",
        "warning": {"above": 0},
        "summary": "Rules cannot be evaluated on {{ $labels.instance }}",
        "description": "{{ printf `%.0f` $value }} evaluations failed in five minutes: what these rules would tell is not known.",
        "runbook": f"""**What it means.** An expression of a rule was refused: labels that collide, a limit that was reached, a matching that is not one to one.

**What to look at.** The Rules page, or `/api/v1/rules`: each rule has its health and its last error.

{_OWN} Mend the rule.""",
    },
}
