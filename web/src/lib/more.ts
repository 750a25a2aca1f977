// What stands under "More tracks": only what this machine has. A literal table: which family must be there, what is asked,
// how it is drawn. Asked only while it is open.

import type { Asking, Question } from "./asking";
import { roundMaximum } from "./axis";
import { WHOLE_DISKS, WIRES } from "./expressions";
import { bitRateUnit, byteRateUnit, capacityUnit, figure, type Unit } from "./numbers";
import type { Track } from "./tracks";

export interface More {
  track: Track;
  questions: readonly Question[];
  /** The family that a machine has if it has this. */
  needs: string;
}

type Line = readonly [part: string, name: string, color: string, promql: (ask: Asking) => string];

interface Options {
  kind?: Track["kind"];
  unit?: (maximum: number) => Unit;
  maximum?: number;
  round?: Track["round"];
}

/** Maxima that are round in the unit that they are written in. */
function inCapacity(value: number, floor: number): number {
  const { factor } = capacityUnit(Math.max(value, floor));
  return roundMaximum(value / factor, floor / factor) * factor;
}

/** Counts are read in thousands and millions, with what they are counts of behind. */
const counts = (of: string) => (maximum: number): Unit => {
  if (maximum >= 2e6) return { name: `M${of}`, factor: 1e6 };
  return maximum >= 2e3 ? { name: `k${of}`, factor: 1e3 } : { name: of, factor: 1 };
};
const fixed = (name: string, factor = 1) => (): Unit => ({ name, factor });

const HEIGHT_PX = 84;

function more(id: string, name: string, collector: string, needs: string, lines: readonly Line[], options: Options = {}): More {
  const column = (part: string) => `${id}.${part}`;
  const fill = options.kind === "mirror" ? 0.36 : options.kind === "stack" ? 0.5 : 0;
  return {
    needs,
    track: {
      id,
      name,
      heightPx: HEIGHT_PX,
      kind: options.kind ?? "lines",
      series: lines.map(([part, words, color]) => ({ column: column(part), name: words, color, fill })),
      maximum: options.maximum ?? 1,
      unit: options.unit ?? counts(""),
      write: figure,
      collector,
      ...(options.round === undefined ? {} : { round: options.round }),
    },
    questions: lines.map(([part, , , promql]) => ({ track: id, promql, column: () => column(part), extremes: true })),
  };
}

const gauge = (name: string) => (ask: Asking) => ask.gauge(name);
const latest = (name: string) => (ask: Asking) => ask.latest(name);
const rate = (name: string) => (ask: Asking) => ask.rate(name);
const summed = (name: string, ...matchers: string[]) => (ask: Asking) => `sum(${ask.rate(name, ...matchers)})`;
const highest = (name: string) => (ask: Asking) => `max(${ask.gauge(name)})`;

export const MORE: readonly More[] = [
  more("load", "Load", "loadavg", "node_load1", [
    ["one", "1 min", "c1", gauge("node_load1")],
    ["five", "5 min", "c10", gauge("node_load5")],
    ["fifteen", "15 min", "c4", gauge("node_load15")],
  ]),
  more("tasks", "Tasks", "stat", "node_procs_running", [
    ["running", "running", "c1", gauge("node_procs_running")],
    ["blocked", "blocked", "c7", gauge("node_procs_blocked")],
  ]),
  more("switches", "Switches", "stat", "node_context_switches_total", [
    ["context", "context", "c1", rate("node_context_switches_total")],
    ["interrupts", "interrupts", "c6", rate("node_intr_total")],
  ], { unit: counts("/s") }),
  more("forks", "Forks", "stat", "node_forks_total", [["forks", "forks", "c2", rate("node_forks_total")]], { unit: counts("/s") }),
  more("frequency", "Frequency", "cpufreq", "node_cpu_scaling_frequency_hertz", [
    ["highest", "highest core", "c1", highest("node_cpu_scaling_frequency_hertz")],
    ["mean", "mean", "c10", (ask) => `avg(${ask.gauge("node_cpu_scaling_frequency_hertz")})`],
  ], { unit: fixed("GHz", 1e9), maximum: 1e9 }),
  more("gpu", "GPU", "drm", "node_drm_gpu_busy_percent", [["busy", "busy", "c8", highest("node_drm_gpu_busy_percent")]], {
    unit: fixed("%"),
    maximum: 100,
  }),
  more("power", "Power", "rapl", "node_rapl_package_joules_total", [
    ["package", "package", "c7", summed("node_rapl_package_joules_total")],
    ["dram", "memory", "c6", summed("node_rapl_dram_joules_total")],
  ], { unit: fixed("W"), maximum: 10 }),
  more("fan", "Fan", "hwmon", "node_hwmon_fan_rpm", [["fastest", "fastest", "c10", highest("node_hwmon_fan_rpm")]], {
    unit: fixed("rpm"),
    maximum: 1000,
  }),
  more("faults", "Page faults", "vmstat", "node_vmstat_pgfault", [
    ["all", "all", "c6", rate("node_vmstat_pgfault")],
    ["major", "from disk", "c7", rate("node_vmstat_pgmajfault")],
  ], { unit: counts("/s") }),
  more("swapping", "Swapping", "vmstat", "node_vmstat_pswpin", [
    ["in", "in, up", "c3", (ask) => `4096 * ${ask.rate("node_vmstat_pswpin")}`],
    ["out", "out, down", "c2", (ask) => `4096 * ${ask.rate("node_vmstat_pswpout")}`],
  ], { kind: "mirror", unit: byteRateUnit, maximum: 1000 }),
  more("dirty", "To be written", "meminfo", "node_memory_Dirty_bytes", [
    ["dirty", "dirty", "c2", gauge("node_memory_Dirty_bytes")],
    ["writeback", "on the way", "c7", gauge("node_memory_Writeback_bytes")],
  ], { unit: capacityUnit, maximum: 2 ** 20, round: inCapacity }),
  more("operations", "Disk requests", "diskstats", "node_disk_reads_completed_total", [
    ["reads", "reads, up", "c3", summed("node_disk_reads_completed_total", WHOLE_DISKS)],
    ["writes", "writes, down", "c2", summed("node_disk_writes_completed_total", WHOLE_DISKS)],
  ], { kind: "mirror", unit: counts("/s"), maximum: 10 }),
  more("packets", "Packets", "netdev", "node_network_receive_packets_total", [
    ["in", "in, up", "c10", summed("node_network_receive_packets_total", WIRES)],
    ["out", "out, down", "c5", summed("node_network_transmit_packets_total", WIRES)],
  ], { kind: "mirror", unit: counts("/s"), maximum: 10 }),
  more("loopback", "Loopback", "netdev", "node_network_receive_bytes_total", [
    ["through", "through", "c10", (ask) => `8 * sum(${ask.rate("node_network_receive_bytes_total", 'device="lo"')})`],
  ], { unit: (maximum) => bitRateUnit(Math.max(1e6, maximum / 2)), maximum: 1e6 }),
  more("connections", "TCP", "netstat", "node_netstat_Tcp_CurrEstab", [
    ["established", "established", "c1", gauge("node_netstat_Tcp_CurrEstab")],
    ["waiting", "time wait", "c4", gauge("node_sockstat_TCP_tw")],
  ], { maximum: 10 }),
  more("opens", "TCP opened", "netstat", "node_netstat_Tcp_ActiveOpens", [
    ["out", "by us", "c5", rate("node_netstat_Tcp_ActiveOpens")],
    ["in", "by others", "c10", rate("node_netstat_Tcp_PassiveOpens")],
    ["resets", "resets sent", "c7", rate("node_netstat_Tcp_OutRsts")],
  ], { unit: counts("/s"), maximum: 10 }),
  more("udp", "UDP", "netstat", "node_netstat_Udp_InDatagrams", [
    ["in", "in", "c10", rate("node_netstat_Udp_InDatagrams")],
    ["out", "out", "c5", rate("node_netstat_Udp_OutDatagrams")],
    ["errors", "errors", "c7", rate("node_netstat_Udp_InErrors")],
  ], { unit: counts("/s"), maximum: 10 }),
  more("sockets", "Sockets", "sockstat", "node_sockstat_sockets_used", [["used", "used", "c1", gauge("node_sockstat_sockets_used")]], {
    maximum: 100,
  }),
  more("conntrack", "Tracked flows", "conntrack", "node_nf_conntrack_entries", [
    ["entries", "entries", "c6", gauge("node_nf_conntrack_entries")],
  ], { maximum: 100 }),
  more("files", "Open files", "filefd", "node_filefd_allocated", [["open", "open", "c9", gauge("node_filefd_allocated")]], { maximum: 100 }),
  more("nfs", "NFS", "nfs", "node_nfs_rpcs_total", [
    ["calls", "calls", "c3", rate("node_nfs_rpcs_total")],
    ["again", "sent again", "c7", rate("node_nfs_rpc_retransmissions_total")],
  ], { unit: counts("/s"), maximum: 10 }),
  more("entropy", "Entropy", "entropy", "node_entropy_available_bits", [
    ["available", "available", "c8", latest("node_entropy_available_bits")],
  ], { unit: fixed("bits"), maximum: 256 }),
  more("clock", "Clock offset", "timex", "node_timex_offset_seconds", [
    ["offset", "off by", "c9", (ask) => `abs(${ask.gauge("node_timex_offset_seconds")})`],
  ], { unit: fixed("ms", 1e-3), maximum: 1e-3 }),
];

/** What a machine has that is not shown: what is not on this kernel, and what is missing of it. */
export const ABSENT_WORDS: Record<string, string> = {
  pressure: "Pressure needs Linux 4.20 with psi=1.",
};
