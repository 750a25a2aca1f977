"""The section `collectors` of the configuration, and the collectors built from it.

app/ calls `build_collectors` once at start and at a reload; nothing is opened before the first sample.
"""

from collections.abc import Sequence

import msgspec

from barograph.collectors.arp import ArpConfig
from barograph.collectors.base import CollectorSection, Host
from barograph.collectors.bcache import BcacheConfig
from barograph.collectors.bcachefs import BcachefsConfig
from barograph.collectors.bonding import BondingConfig
from barograph.collectors.btrfs import BtrfsConfig
from barograph.collectors.buddyinfo import BuddyinfoConfig
from barograph.collectors.cgroup.tree import CgroupTree
from barograph.collectors.cgroups import CgroupsConfig
from barograph.collectors.conntrack import ConntrackConfig
from barograph.collectors.containers import ContainersConfig
from barograph.collectors.cpu import CpuConfig
from barograph.collectors.cpu_vulnerabilities import CpuVulnerabilitiesConfig
from barograph.collectors.cpufreq import CpufreqConfig
from barograph.collectors.diskstats import DiskstatsConfig
from barograph.collectors.dmi import DmiConfig
from barograph.collectors.dmmultipath import DmmultipathConfig
from barograph.collectors.drbd import DrbdConfig
from barograph.collectors.edac import EdacConfig
from barograph.collectors.entropy import EntropyConfig
from barograph.collectors.ethtool import EthtoolConfig
from barograph.collectors.exec_programs import ExecConfig
from barograph.collectors.fibrechannel import FibrechannelConfig
from barograph.collectors.filefd import FilefdConfig
from barograph.collectors.filesystem import FilesystemConfig
from barograph.collectors.hwmon import HwmonConfig
from barograph.collectors.infiniband import InfinibandConfig
from barograph.collectors.interrupts import InterruptsConfig
from barograph.collectors.ipvs import IpvsConfig
from barograph.collectors.kernel_hung import KernelHungConfig
from barograph.collectors.ksmd import KsmdConfig
from barograph.collectors.lnstat import LnstatConfig
from barograph.collectors.loadavg import LoadavgConfig
from barograph.collectors.mdadm import MdadmConfig
from barograph.collectors.meminfo import MeminfoConfig
from barograph.collectors.meminfo_numa import MeminfoNumaConfig
from barograph.collectors.mountstats import MountstatsConfig
from barograph.collectors.netclass import NetclassConfig
from barograph.collectors.netdev import NetdevConfig
from barograph.collectors.netstat import NetstatConfig
from barograph.collectors.network_route import NetworkRouteConfig
from barograph.collectors.nfs import NfsConfig
from barograph.collectors.nfsd import NfsdConfig
from barograph.collectors.nvme import NvmeConfig
from barograph.collectors.os_release import OsConfig
from barograph.collectors.pcidevice import PcideviceConfig
from barograph.collectors.powersupplyclass import PowersupplyclassConfig
from barograph.collectors.pressure import PressureConfig
from barograph.collectors.process.table import ProcessTable
from barograph.collectors.process_groups import ProcessConfig
from barograph.collectors.processes import ProcessesConfig
from barograph.collectors.procfs import KeptFile, Paths, SharedFile
from barograph.collectors.qdisc import QdiscConfig
from barograph.collectors.rapl import RaplConfig
from barograph.collectors.registry import COLLECTORS
from barograph.collectors.schedstat import SchedstatConfig
from barograph.collectors.selinux import SelinuxConfig
from barograph.collectors.slabinfo import SlabinfoConfig
from barograph.collectors.sockstat import SockstatConfig
from barograph.collectors.softirqs import SoftirqsConfig
from barograph.collectors.softnet import SoftnetConfig
from barograph.collectors.stat import StatConfig
from barograph.collectors.sysctl import SysctlConfig
from barograph.collectors.systemd import SystemdConfig
from barograph.collectors.tapestats import TapestatsConfig
from barograph.collectors.tcpstat import TcpstatConfig
from barograph.collectors.textfile import TextfileConfig
from barograph.collectors.thermal_zone import ThermalZoneConfig
from barograph.collectors.third_party import ThirdPartyCollector, ThirdPartyConfig
from barograph.collectors.time import TimeConfig
from barograph.collectors.timex import TimexConfig
from barograph.collectors.udp_queues import UdpQueuesConfig
from barograph.collectors.uname import UnameConfig
from barograph.collectors.vmstat import VmstatConfig
from barograph.collectors.watchdog import WatchdogConfig
from barograph.collectors.wifi import WifiConfig
from barograph.collectors.xfrm import XfrmConfig
from barograph.collectors.xfs import XfsConfig
from barograph.collectors.zfs import ZfsConfig
from barograph.collectors.zoneinfo import ZoneinfoConfig
from barograph.model.clock import Clock
from barograph.model.errors import ConfigError
from barograph.model.schedule import ScheduledCollector
from barograph.model.units import Duration

_LEAST_INTERVAL_MS = 100
_BUDGET_MARGIN_MS = 250


class CollectorsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `collectors`.

    Attributes:
        interval: How often a collector samples, unless its own section says otherwise.
        budget: How long one sample may take before the collector counts as hung.
        third_party: Collectors of other packages.
    """

    interval: Duration = Duration(1000)
    budget: Duration = Duration(500)
    third_party: tuple[ThirdPartyConfig, ...] = ()
    arp: ArpConfig = ArpConfig()
    bcache: BcacheConfig = BcacheConfig()
    bcachefs: BcachefsConfig = BcachefsConfig()
    bonding: BondingConfig = BondingConfig()
    btrfs: BtrfsConfig = BtrfsConfig()
    buddyinfo: BuddyinfoConfig = BuddyinfoConfig()
    cgroups: CgroupsConfig = CgroupsConfig()
    conntrack: ConntrackConfig = ConntrackConfig()
    containers: ContainersConfig = ContainersConfig()
    cpu: CpuConfig = CpuConfig()
    cpu_vulnerabilities: CpuVulnerabilitiesConfig = CpuVulnerabilitiesConfig()
    cpufreq: CpufreqConfig = CpufreqConfig()
    diskstats: DiskstatsConfig = DiskstatsConfig()
    dmi: DmiConfig = DmiConfig()
    dmmultipath: DmmultipathConfig = DmmultipathConfig()
    drbd: DrbdConfig = DrbdConfig()
    edac: EdacConfig = EdacConfig()
    entropy: EntropyConfig = EntropyConfig()
    ethtool: EthtoolConfig = EthtoolConfig()
    exec: ExecConfig = ExecConfig()
    fibrechannel: FibrechannelConfig = FibrechannelConfig()
    filefd: FilefdConfig = FilefdConfig()
    filesystem: FilesystemConfig = FilesystemConfig()
    hwmon: HwmonConfig = HwmonConfig()
    infiniband: InfinibandConfig = InfinibandConfig()
    interrupts: InterruptsConfig = InterruptsConfig()
    ipvs: IpvsConfig = IpvsConfig()
    kernel_hung: KernelHungConfig = KernelHungConfig()
    ksmd: KsmdConfig = KsmdConfig()
    lnstat: LnstatConfig = LnstatConfig()
    loadavg: LoadavgConfig = LoadavgConfig()
    mdadm: MdadmConfig = MdadmConfig()
    meminfo: MeminfoConfig = MeminfoConfig()
    meminfo_numa: MeminfoNumaConfig = MeminfoNumaConfig()
    mountstats: MountstatsConfig = MountstatsConfig()
    netclass: NetclassConfig = NetclassConfig()
    netdev: NetdevConfig = NetdevConfig()
    netstat: NetstatConfig = NetstatConfig()
    network_route: NetworkRouteConfig = NetworkRouteConfig()
    nfs: NfsConfig = NfsConfig()
    nfsd: NfsdConfig = NfsdConfig()
    nvme: NvmeConfig = NvmeConfig()
    os: OsConfig = OsConfig()
    pcidevice: PcideviceConfig = PcideviceConfig()
    powersupplyclass: PowersupplyclassConfig = PowersupplyclassConfig()
    pressure: PressureConfig = PressureConfig()
    process: ProcessConfig = ProcessConfig()
    processes: ProcessesConfig = ProcessesConfig()
    qdisc: QdiscConfig = QdiscConfig()
    rapl: RaplConfig = RaplConfig()
    schedstat: SchedstatConfig = SchedstatConfig()
    selinux: SelinuxConfig = SelinuxConfig()
    slabinfo: SlabinfoConfig = SlabinfoConfig()
    sockstat: SockstatConfig = SockstatConfig()
    softirqs: SoftirqsConfig = SoftirqsConfig()
    softnet: SoftnetConfig = SoftnetConfig()
    stat: StatConfig = StatConfig()
    sysctl: SysctlConfig = SysctlConfig()
    systemd: SystemdConfig = SystemdConfig()
    tapestats: TapestatsConfig = TapestatsConfig()
    tcpstat: TcpstatConfig = TcpstatConfig()
    textfile: TextfileConfig = TextfileConfig()
    thermal_zone: ThermalZoneConfig = ThermalZoneConfig()
    time: TimeConfig = TimeConfig()
    timex: TimexConfig = TimexConfig()
    udp_queues: UdpQueuesConfig = UdpQueuesConfig()
    uname: UnameConfig = UnameConfig()
    vmstat: VmstatConfig = VmstatConfig()
    watchdog: WatchdogConfig = WatchdogConfig()
    wifi: WifiConfig = WifiConfig()
    xfrm: XfrmConfig = XfrmConfig()
    xfs: XfsConfig = XfsConfig()
    zfs: ZfsConfig = ZfsConfig()
    zoneinfo: ZoneinfoConfig = ZoneinfoConfig()

    def section(self, name: str) -> CollectorSection:
        """Return a collector's own section by the collector's name.

        Raises:
            KeyError: There is no such collector.
        """
        if name not in COLLECTORS:
            raise KeyError(name)
        section = getattr(self, name)
        assert isinstance(section, CollectorSection)
        return section

    def is_enabled(self, name: str) -> bool:
        """Tell whether a collector runs: as its section says, else as the registry does."""
        enabled = self.section(name).enabled
        return COLLECTORS[name].default if enabled is None else enabled


def build_collectors(
    config: CollectorsConfig, paths: Paths, clock: Clock, names: Sequence[str] | None = None
) -> list[ScheduledCollector]:
    """Build the collectors that are enabled (or exactly those named), in the registry's order.

    They share files, so all of one call are used by one thread at a time.

    Raises:
        ConfigError: An option cannot be used, or a name is not known; names the key or the collectors there are.
    """
    unknown = next((name for name in names or () if name not in COLLECTORS), None)
    if unknown is not None:
        raise ConfigError(f"there is no collector {unknown!r}; there are {', '.join(COLLECTORS)}", path="collectors")
    wanted = [name for name in COLLECTORS if (config.is_enabled(name) if names is None else name in names)]
    stat = SharedFile(KeptFile(paths.procfs / "stat"))
    processes = ProcessTable(paths.procfs, paths.rootfs, clock)
    host = Host(paths=paths, clock=clock, stat=stat, processes=processes, cgroups=CgroupTree(paths.sysfs))
    built = [_build(name, config, host) for name in wanted]
    return built if names is not None else [*built, *_third_party(config)]


def _build(name: str, config: CollectorsConfig, host: Host) -> ScheduledCollector:
    section = config.section(name)
    interval = config.interval if section.interval is None else section.interval
    if interval.ms < _LEAST_INTERVAL_MS:
        raise ConfigError(f"{interval} is too short: 100ms is the shortest", path=_place(name, section, "interval"))
    collector = COLLECTORS[name].factory(host, section)
    return ScheduledCollector(collector=collector, interval_ms=interval.ms, budget_ms=_budget_ms(name, config))


def _third_party(config: CollectorsConfig) -> list[ScheduledCollector]:
    built = []
    taken = set(COLLECTORS)
    for number, entry in enumerate(config.third_party):
        place = f"collectors.third_party[{number}]"
        interval, budget = entry.interval or config.interval, entry.budget or config.budget
        if interval.ms < _LEAST_INTERVAL_MS or budget.ms <= 0:
            raise ConfigError(f"{interval} or {budget} is too short: 100ms is the shortest interval", path=place)
        collector = ThirdPartyCollector(entry, place, frozenset(taken))
        taken.add(entry.name)
        built.append(ScheduledCollector(collector=collector, interval_ms=interval.ms, budget_ms=budget.ms))
    return built


def _budget_ms(name: str, config: CollectorsConfig) -> int:
    """Return a collector's budget: that of filesystem must leave a stuck mount its timeout."""
    section = config.section(name)
    budget = config.budget if section.budget is None else section.budget
    if budget.ms <= 0:
        raise ConfigError(f"{budget} is no time at all", path=_place(name, section, "budget"))
    if not isinstance(section, FilesystemConfig):
        return budget.ms
    if section.budget is not None and section.budget <= section.mount_timeout:
        message = f"{section.budget} is not longer than mount_timeout {section.mount_timeout}: raise it"
        raise ConfigError(message, path="collectors.filesystem.budget")
    return max(budget.ms, section.mount_timeout.ms + _BUDGET_MARGIN_MS)


def _place(name: str, section: CollectorSection, key: str) -> str:
    return f"collectors.{key}" if getattr(section, key) is None else f"collectors.{name}.{key}"
