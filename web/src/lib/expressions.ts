// Every question behind the recorder's own tracks, in one place. Copied into `barograph query` each gives what a track
// shows. What of a machine's devices is counted is decided here too.

import { type Asking, type Labels, type Question, promDuration, selector } from "./asking";

export { type Labels, promDuration, selector };

// Partitions, and what only maps onto other disks, would count the same bytes again.
const NOT_WHOLE_DISKS =
  "(z?ram|loop|fd|sr|dm-|md|bcache|drbd)[0-9].*|([hsv]|xv)d[a-z]+[0-9]+|nvme[0-9]+(c[0-9]+)?n[0-9]+p[0-9]+|nvme[0-9]+c[0-9]+n[0-9]+|(mmcblk|nbd)[0-9]+p[0-9]+";
// So would what is bridged, bundled or tunnelled over other interfaces.
const NOT_WIRES =
  "lo|veth.*|docker[0-9]+|docker_.*|br-.*|virbr.*|vnet.*|cni.*|cali.*|flannel.*|cilium.*|ifb[0-9]+|dummy.*|bond[0-9]+|team[0-9]+|tun.*|tap.*|wg.*|gre.*|sit[0-9]+|.+[.][0-9]+";

export const WHOLE_DISKS = `device!~${JSON.stringify(NOT_WHOLE_DISKS)}`;
export const WIRES = `device!~${JSON.stringify(NOT_WIRES)}`;

/** The column that holds 1 where the host was heard; of a wide bucket, the part of it that was. */
export const HEARD = "heard";

const CPU_COLUMNS: Record<string, string> = {
  user: "cpu.user",
  system: "cpu.system",
  iowait: "cpu.iowait",
  irq: "cpu.irq",
  softirq: "cpu.irq",
  nice: "cpu.nice",
  steal: "cpu.steal",
};

const one = (track: string, column: string, promql: (ask: Asking) => string, more: Partial<Question> = {}): Question => ({
  track,
  promql,
  column: () => column,
  ...more,
});

/** Whole bytes of several families of /proc/meminfo, the first less the others. */
const less = (ask: Asking, ...names: string[]) => names.map((name) => ask.gauge(`node_memory_${name}_bytes`)).join(" - ");
const sum = (ask: Asking, ...names: string[]) => names.map((name) => ask.gauge(`node_memory_${name}_bytes`)).join(" + ");

const heard = one("heard", HEARD, (ask) =>
  ask.raw ? ask.gauge("up") : `count_over_time(up${selector(ask.host)}[${promDuration(ask.stepMs)}]) * ${ask.intervalMs / ask.stepMs}`,
);

/** All time that the cores had, as the kernel counted it: what is a share of it never passes 100 %. */
const allOf = (ask: Asking, by = "") => `sum${by}(${ask.rate("node_cpu_seconds_total")})`;

const cpu: Question[] = [
  {
    track: "cpu",
    promql: (ask) => `100 * sum by (mode) (${ask.rate("node_cpu_seconds_total", 'mode!="idle"')}) / scalar(${allOf(ask)})`,
    column: (labels) => CPU_COLUMNS[labels["mode"] ?? ""] ?? null,
  },
  one("cpu", "cpu.busy", (ask) => `100 * (1 - sum(${ask.rate("node_cpu_seconds_total", 'mode="idle"')}) / ${allOf(ask)})`, { extremes: true }),
  {
    track: "core",
    promql: (ask) => `100 * (1 - sum by (cpu) (${ask.rate("node_cpu_seconds_total", 'mode=~"idle|iowait"')}) / ${allOf(ask, " by (cpu) ")})`,
    column: (labels) => (/^\d+$/.test(labels["cpu"] ?? "") ? `core.${labels["cpu"]}` : null),
    bucket: "max",
  },
];

// the kernel counts a little behind the clock: a second may seem to have had more than itself
const pressure: Question[] = (
  [
    ["io", "waiting", "some"],
    ["io", "stalled", "full"],
    ["cpu", "waiting", "some"],
    ["memory", "waiting", "some"],
    ["memory", "stalled", "full"],
  ] as const
).map(([resource, family, kind]) =>
  one("pressure", `pressure.${resource}${kind}`, (ask) => `clamp_max(100 * ${ask.rate(`node_pressure_${resource}_${family}_seconds_total`)}, 100)`, {
    extremes: true,
  }),
);

const ELSEWHERE = ["MemFree", "Buffers", "Cached", "SReclaimable", "SUnreclaim", "PageTables", "KernelStack"];

const memory: Question[] = [
  one("memory", "memory.used", (ask) => less(ask, "MemTotal", ...ELSEWHERE), { extremes: true }),
  one("memory", "memory.kernel", (ask) => sum(ask, "SUnreclaim", "PageTables", "KernelStack")),
  one("memory", "memory.buffers", (ask) => sum(ask, "Buffers")),
  one("memory", "memory.cache", (ask) => sum(ask, "Cached", "SReclaimable")),
  one("memory", "memory.total", (ask) => sum(ask, "MemTotal")),
  one("memory", "memory.available", (ask) => sum(ask, "MemAvailable")),
  one("swap", "swap.used", (ask) => less(ask, "SwapTotal", "SwapFree"), { extremes: true }),
  one("swap", "swap.total", (ask) => sum(ask, "SwapTotal")),
];

const bytes = (ask: Asking, family: string, by = "") => `sum${by}(${ask.rate(family, WHOLE_DISKS)})`;
const bits = (ask: Asking, family: string, by = "") => `8 * sum${by}(${ask.rate(family, WIRES)})`;
/** How long a request took, ms; nothing while there was none. */
function awaitMs(ask: Asking, by = ""): string {
  const both = (read: string, write: string) => `(${bytes(ask, read, by)} + ${bytes(ask, write, by)})`;
  const requests = both("node_disk_reads_completed_total", "node_disk_writes_completed_total");
  return `1000 * ${both("node_disk_read_time_seconds_total", "node_disk_write_time_seconds_total")} / (${requests} > 0)`;
}

const disk: Question[] = [
  one("disk", "disk.read", (ask) => bytes(ask, "node_disk_read_bytes_total"), { extremes: true }),
  one("disk", "disk.write", (ask) => bytes(ask, "node_disk_written_bytes_total"), { extremes: true }),
  one("disk", "disk.await", (ask) => awaitMs(ask)),
  one("disk", "disk.queue", (ask) => bytes(ask, "node_disk_io_time_weighted_seconds_total")),
];

const network: Question[] = [
  one("network", "network.in", (ask) => bits(ask, "node_network_receive_bytes_total"), { extremes: true }),
  one("network", "network.out", (ask) => bits(ask, "node_network_transmit_bytes_total"), { extremes: true }),
  one("network", "network.retransmits", (ask) => ask.rate("node_netstat_Tcp_RetransSegs")),
  one("network", "network.drops", (ask) =>
    ["receive", "transmit"].map((way) => `sum(${ask.rate(`node_network_${way}_drop_total`, WIRES)})`).join(" + "),
  ),
  one("network", "network.speed", (ask) => `8 * sum(${ask.latest("node_network_speed_bytes", WIRES)} > 0)`),
];

/** What a tile shows of both ways together: the extremes of each cannot be added, those of their sum are asked for. */
export const SUMS: readonly Question[] = [
  one("tiles", "tiles.disk", (ask) => `${bytes(ask, "node_disk_read_bytes_total")} + ${bytes(ask, "node_disk_written_bytes_total")}`, { extremes: "max" }),
  one("tiles", "tiles.network", (ask) => `${bits(ask, "node_network_receive_bytes_total")} + ${bits(ask, "node_network_transmit_bytes_total")}`, { extremes: "max" }),
];

/** The questions of the recorder's own tracks. */
export const CORE: readonly Question[] = [heard, ...cpu, ...pressure, ...memory, ...disk, ...network];

const device = (prefix: string) => (labels: Labels) => (labels["device"] === undefined ? null : `${prefix}/${labels["device"]}`);
const by = " by (device) ";

/** What the sub-tracks of Disk I/O and Network ask, once they are open. */
export const PARTS: Record<"disk" | "network", readonly Question[]> = {
  disk: [
    { track: "disk", promql: (ask) => bytes(ask, "node_disk_read_bytes_total", by), column: device("disk.read") },
    { track: "disk", promql: (ask) => bytes(ask, "node_disk_written_bytes_total", by), column: device("disk.write") },
    { track: "disk", promql: (ask) => awaitMs(ask, by), column: device("disk.await") },
    { track: "disk", promql: (ask) => bytes(ask, "node_disk_io_time_weighted_seconds_total", by), column: device("disk.queue") },
  ],
  network: [
    { track: "network", promql: (ask) => bits(ask, "node_network_receive_bytes_total", by), column: device("network.in") },
    { track: "network", promql: (ask) => bits(ask, "node_network_transmit_bytes_total", by), column: device("network.out") },
    {
      track: "network",
      promql: (ask) => ["receive", "transmit"].map((way) => `sum${by}(${ask.rate(`node_network_${way}_drop_total`, WIRES)})`).join(" + "),
      column: device("network.drops"),
    },
  ],
};

/** What the title says of a machine, each an instant query. */
export function factExpressions(host: string): Record<"boot" | "system" | "cores" | "memory", string> {
  return {
    boot: `node_boot_time_seconds${selector(host)}`,
    system: `node_uname_info${selector(host)}`,
    cores: `count(node_cpu_seconds_total${selector(host, 'mode="idle"')})`,
    memory: `node_memory_MemTotal_bytes${selector(host)}`,
  };
}
