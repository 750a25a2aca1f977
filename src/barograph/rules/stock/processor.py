"""Stock alerts about processors, memory and swap. Values of `table.py`."""

from collections.abc import Mapping

ALERTS: Mapping[str, Mapping[str, object]] = {
    "CpuBusy": {
        "expr": """100 * (
  1
  - sum without (cpu, mode) (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[2m]))
  / sum without (cpu, mode) (rate(node_cpu_seconds_total[2m]))
)""",
        "for": "15m",
        "warning": {"above": 90, "clear": 80},
        "critical": {"above": 98, "clear": 90, "for": "30m"},
        "summary": "Processors busy on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "All processors together have had next to no idle time for a while: work waits for its turn.",
        "runbook": """**What it means.** Averaged over all processors and two minutes, so much of their time went into work. Waiting for disks and time that a hypervisor took do not count as work.

**What to look at.** Who did it: the Processes page at that instant, or `barograph who --at TIME --by cpu`. Much `system` time points at the kernel: drivers, page faults, many small system calls. Compare with the load, and with CpuPressure, which says whether anything really had to wait.

**How to quiet it.** A host that computes day and night is not ill: raise `warning` and `critical`, or give CpuBusy `enabled: false` there and rely on CpuPressure.""",
    },
    "CpuPressure": {
        "expr": "100 * rate(node_pressure_cpu_waiting_seconds_total[5m])",
        "for": "15m",
        "warning": {"above": 70, "clear": 50},
        "critical": {"above": 95, "clear": 80, "for": "30m"},
        "summary": "CPU pressure high on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "In so much of the time at least one task could have run but had no processor.",
        "runbook": """**What it means.** The kernel's pressure stall information: the part of time in which some task was ready to run and had to wait. Unlike the load it does not grow with the number of processors.

**What to look at.** The Processes page by CPU; control groups with a quota (`cpu.max`), which make tasks wait on an idle machine too; interrupts on a single processor.

**How to quiet it.** Give batch work a lower priority or its own limit. Where waiting is fine, raise `warning`.""",
    },
    "MemoryLow": {
        "expr": "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
        "for": "5m",
        "warning": {"above": 90, "clear": 85},
        "critical": {"above": 96, "clear": 92, "for": "2m"},
        "summary": "Memory nearly full on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "What the kernel could still hand out, caches that can be dropped included, is nearly gone.",
        "runbook": """**What it means.** `MemAvailable` is the kernel's own estimate of what programs can still get without swapping. Beyond the limit the next large allocation meets reclaim, swap or the OOM killer.

**What to look at.** The Processes page by memory, a day back: a steady rise is a leak. `Shmem` and tmpfs mounts count as taken. MemoryPressure says whether anything is slow already.

**How to quiet it.** A database that is told to take most of the memory is well at 95 %: raise the limits on that host.""",
    },
    "MemoryPressure": {
        "expr": "100 * rate(node_pressure_memory_waiting_seconds_total[5m])",
        "for": "5m",
        "warning": {"above": 10, "clear": 5},
        "critical": {"above": 40, "clear": 20},
        "summary": "Memory pressure high on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "Tasks stand still while the kernel looks for memory: reclaiming, swapping in, reading pages again.",
        "runbook": """**What it means.** The part of time in which some task stood still for want of memory. It is seen in answers before anything is killed.

**What to look at.** The Processes page by memory; pages swapped in and out; control groups close to their limit (`container_memory_usage_bytes` against `container_spec_memory_limit_bytes`), which press on an otherwise free host.

**How to quiet it.** Free or add memory. There is hardly a host where this is fine for long.""",
    },
    "SwapFull": {
        "expr": "100 * (1 - node_memory_SwapFree_bytes / (node_memory_SwapTotal_bytes > 0))",
        "for": "15m",
        "warning": {"above": 80, "clear": 70},
        "critical": {"above": 95, "clear": 85},
        "summary": "Swap nearly full on {{ $labels.instance }} ({{ printf `%.0f` $value }} %)",
        "description": "The reserve behind the memory is nearly used up. When it is, the OOM killer comes next.",
        "runbook": """**What it means.** Swap holds what has not been touched for long, and what there was no room for. Full swap alone does no harm; full swap and low memory do.

**What to look at.** MemoryLow and SwapThrashing beside it; which processes have most in swap (`VmSwap` in /proc/PID/status).

**How to quiet it.** On a host with little swap by intention, raise the limits, or switch the alert off and rely on MemoryPressure.""",
    },
    "SwapThrashing": {
        "expr": "rate(node_vmstat_pswpin[5m]) + rate(node_vmstat_pswpout[5m])",
        "for": "10m",
        "warning": {"above": 1000, "clear": 300},
        "critical": {"above": 10000, "clear": 3000},
        "summary": "Memory swapped in and out on {{ $labels.instance }} ({{ humanize $value }} pages/s)",
        "description": "Memory is moved to the disk and back all the time: everything on this host is slow now.",
        "runbook": """**What it means.** Pages of 4 KiB that were swapped in and out each second, over five minutes. What is needed does not fit into memory.

**What to look at.** The Processes page by memory and by major faults; MemoryPressure, which says how much time it costs.

**How to quiet it.** Stop or limit what took the memory. With swap on memory itself (zram) much higher figures are harmless: raise the limits.""",
    },
    "OomKill": {
        "expr": "increase(node_vmstat_oom_kill[10m])",
        "warning": {"above": 0},
        "summary": "Process killed for want of memory on {{ $labels.instance }}",
        "description": "The OOM killer ended {{ printf `%.0f` $value }} process(es) in the last ten minutes.",
        "runbook": """**What it means.** There was no memory left, in the host or in one control group, and the kernel ended a process to go on.

**What to look at.** `journalctl -k -g 'Out of memory|oom-kill'` names the process and the group. The table frozen with this alert shows who had the memory then. `container_oom_events_total` says which group it was.

**How to quiet it.** Give the group more memory, or the program a limit of its own. It is over ten minutes after the last kill.""",
    },
}
