// Every PromQL expression that the page asks, in one place. Copied into `barograph query` each gives what a track shows.
// At the collecting interval a window holds exactly what one instant needs, so that a missing sample stays a gap:
// ranges are open on the left, so `irate(x[2s])` sees two samples of a second, `last_over_time(x[1s])` one.

export type Labels = Record<string, string>;

export interface Expression {
  promql: string;
  /** The track that shows it; its errors stand there. */
  track: string;
  /** The column that a series of the answer belongs to; several series of one column are added. */
  column: (labels: Labels) => string | null;
}

// Partitions, and what only maps onto other disks, would count the same bytes again.
const NOT_WHOLE_DISKS =
  "(z?ram|loop|fd|sr|dm-|md|bcache|drbd)[0-9].*|([hsv]|xv)d[a-z]+[0-9]+|nvme[0-9]+(c[0-9]+)?n[0-9]+p[0-9]+|nvme[0-9]+c[0-9]+n[0-9]+|(mmcblk|nbd)[0-9]+p[0-9]+";

const CPU_COLUMNS: Record<string, string> = {
  user: "cpu.user",
  system: "cpu.system",
  iowait: "cpu.iowait",
  irq: "cpu.irq",
  softirq: "cpu.irq",
  nice: "cpu.nice",
  steal: "cpu.steal",
};

/** A duration as PromQL writes it. */
export function promDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

const quoted = (text: string): string => JSON.stringify(text);

/** The selector of one host's own series, with further matchers. */
export function selector(host: string, ...matchers: string[]): string {
  return `{${[`job="node"`, `instance=${quoted(host)}`, ...matchers].join(",")}}`;
}

/** The expressions of the four tracks, as means over `stepMs`; at the collecting interval, the samples themselves. */
export function trackExpressions(host: string, stepMs: number, intervalMs: number): Expression[] {
  const raw = stepMs <= intervalMs;
  const rate = (name: string, ...matchers: string[]) =>
    raw
      ? `irate(${name}${selector(host, ...matchers)}[${promDuration(2 * intervalMs)}])`
      : `rate(${name}${selector(host, ...matchers)}[${promDuration(stepMs + intervalMs)}])`;
  const memory = (...names: string[]) =>
    names
      .map((name) => `node_memory_${name}_bytes${selector(host)}`)
      .map((series) =>
        raw ? `last_over_time(${series}[${promDuration(intervalMs)}])` : `avg_over_time(${series}[${promDuration(stepMs)}])`,
      );
  const one = (track: string, column: string, promql: string): Expression => ({ track, promql, column: () => column });
  const whole = `device!~${quoted(NOT_WHOLE_DISKS)}`;
  const wire = 'device!="lo"';
  const elsewhere = ["MemFree", "Buffers", "Cached", "SReclaimable", "SUnreclaim", "PageTables", "KernelStack"];
  return [
    {
      track: "cpu",
      promql: `100 * avg by (mode) (${rate("node_cpu_seconds_total", 'mode!="idle"')})`,
      column: (labels) => CPU_COLUMNS[labels["mode"] ?? ""] ?? null,
    },
    one("memory", "memory.used", memory("MemTotal", ...elsewhere).join(" - ")),
    one("memory", "memory.kernel", memory("SUnreclaim", "PageTables", "KernelStack").join(" + ")),
    one("memory", "memory.buffers", memory("Buffers").join("")),
    one("memory", "memory.cache", memory("Cached", "SReclaimable").join(" + ")),
    one("memory", "memory.total", memory("MemTotal").join("")),
    one("disk", "disk.read", `sum(${rate("node_disk_read_bytes_total", whole)})`),
    one("disk", "disk.write", `sum(${rate("node_disk_written_bytes_total", whole)})`),
    one("network", "network.in", `8 * sum(${rate("node_network_receive_bytes_total", wire)})`),
    one("network", "network.out", `8 * sum(${rate("node_network_transmit_bytes_total", wire)})`),
  ];
}

/** The columns that those expressions fill, in a fixed order. */
export const COLUMNS: readonly string[] = [
  "cpu.user",
  "cpu.system",
  "cpu.iowait",
  "cpu.irq",
  "cpu.nice",
  "cpu.steal",
  "memory.used",
  "memory.kernel",
  "memory.buffers",
  "memory.cache",
  "memory.total",
  "disk.read",
  "disk.write",
  "network.in",
  "network.out",
];

/** What the title says of a machine, each an instant query. */
export function factExpressions(host: string): Record<"boot" | "system" | "cores" | "memory", string> {
  return {
    boot: `node_boot_time_seconds${selector(host)}`,
    system: `node_uname_info${selector(host)}`,
    cores: `count(node_cpu_seconds_total${selector(host, 'mode="idle"')})`,
    memory: `node_memory_MemTotal_bytes${selector(host)}`,
  };
}
