"""Every collector there is, in one literal table.

To add one: its module with its `ENTRY`, a line here, its section in config.py.
"""

from barograph.collectors import (
    cpu,
    diskstats,
    filesystem,
    loadavg,
    meminfo,
    netdev,
    pressure,
    stat,
    time,
    uname,
    vmstat,
)
from barograph.collectors.entry import CollectorEntry

COLLECTORS: dict[str, CollectorEntry] = {
    "cpu": cpu.ENTRY,
    "diskstats": diskstats.ENTRY,
    "filesystem": filesystem.ENTRY,
    "loadavg": loadavg.ENTRY,
    "meminfo": meminfo.ENTRY,
    "netdev": netdev.ENTRY,
    "pressure": pressure.ENTRY,
    "stat": stat.ENTRY,
    "time": time.ENTRY,
    "uname": uname.ENTRY,
    "vmstat": vmstat.ENTRY,
}
