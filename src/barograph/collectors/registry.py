"""Every collector there is, in one literal table.

To add one: its module with its `ENTRY`, a line here, its section in config.py.
"""

from barograph.collectors import (
    arp,
    conntrack,
    cpu,
    diskstats,
    filesystem,
    loadavg,
    meminfo,
    netclass,
    netdev,
    netstat,
    pressure,
    sockstat,
    softnet,
    stat,
    time,
    udp_queues,
    uname,
    vmstat,
)
from barograph.collectors.entry import CollectorEntry

COLLECTORS: dict[str, CollectorEntry] = {
    "arp": arp.ENTRY,
    "conntrack": conntrack.ENTRY,
    "cpu": cpu.ENTRY,
    "diskstats": diskstats.ENTRY,
    "filesystem": filesystem.ENTRY,
    "loadavg": loadavg.ENTRY,
    "meminfo": meminfo.ENTRY,
    "netclass": netclass.ENTRY,
    "netdev": netdev.ENTRY,
    "netstat": netstat.ENTRY,
    "pressure": pressure.ENTRY,
    "sockstat": sockstat.ENTRY,
    "softnet": softnet.ENTRY,
    "stat": stat.ENTRY,
    "time": time.ENTRY,
    "udp_queues": udp_queues.ENTRY,
    "uname": uname.ENTRY,
    "vmstat": vmstat.ENTRY,
}
