// The recorder's tracks: names, order, heights, colours and how their figures are written. A literal table; what only some
// machines have is in more.ts, what depends on a machine's devices is made by the functions below.

import { scaleOf } from "./axis";
import { bitRateUnit, byteRateUnit, capacityUnit, figure, percent, type Unit } from "./numbers";

export interface Series {
  column: string;
  name: string;
  /** The token of its colour: `c1` ... `c10`. */
  color: string;
  /** Opacity of its fill. */
  fill: number;
  /** Of bands: which one it lies in. */
  pane?: number;
}

/** What stands in the legend and is not drawn: it has another unit. Alone it is drawn, on an axis of its own. */
export interface Figure {
  column: string;
  name: string;
  unit: string;
}

/**
 * How a track is drawn. A stack has a fixed maximum; a mirror draws its first series up and its second down from 0; bands
 * have one scale of a few steps; lines are lines; heat is a row a core.
 */
export type Kind = "stack" | "mirror" | "bands" | "lines" | "heat";

export interface Track {
  id: string;
  name: string;
  heightPx: number;
  kind: Kind;
  /** Bottom to top; of a mirror: up, down. */
  series: readonly Series[];
  figures?: readonly Figure[];
  /** Of bands: what stands at each, from the top. */
  panes?: readonly string[];
  /** The column that holds the maximum, where it is not fixed. */
  maximumColumn?: string;
  /** The fixed maximum of a stack, or the least maximum otherwise, in base units. */
  maximum: number;
  /** Where the axis begins; 0 but for temperatures, which say so. */
  minimum?: number;
  /** How its automatic maxima are rounded, where it is not 1-2-5. */
  round?: (value: number, floor: number) => number;
  /** The column of the link's speed, drawn as a line once half of it is used. */
  speedColumn?: string;
  /** The column whose extremes are those of a stack's top. */
  total?: string;
  /** The one unit of column and axis, from the maximum drawn. */
  unit: (maximum: number) => Unit;
  /** How a value in that unit is written. */
  write: (value: number) => string;
  /** What stands beside the name; the unit alone where there is no function. */
  note?: (unit: Unit, high: number) => string;
  /** The collector that it hangs on: what fails of it is told in the track. */
  collector: string;
  /** A sub-track a device. */
  parts?: "disk" | "network";
  /** Shown only once this column was above 0. */
  onceUsed?: string;
}

const STACK = 0.62;
const MIRROR = 0.36;
const PALE = 0.3;
const STRONG = 0.85;
const MEGA = 1_000_000;

/** Rates are read in mega, and in giga only once the axis goes beyond one: quiet seconds would all read 0.0. */
const calmly = (maximum: number): number => Math.max(MEGA, maximum / 2);
const percents = (): Unit => ({ name: "%", factor: 1 });

const CPU: Track = {
  id: "cpu",
  name: "CPU",
  heightPx: 158,
  kind: "stack",
  series: [
    { column: "cpu.user", name: "user", color: "c1", fill: STACK },
    { column: "cpu.system", name: "system", color: "c2", fill: STACK },
    { column: "cpu.iowait", name: "iowait", color: "c7", fill: STACK },
    { column: "cpu.irq", name: "irq, softirq", color: "c6", fill: STACK },
    { column: "cpu.nice", name: "nice", color: "c8", fill: STACK },
    { column: "cpu.steal", name: "steal", color: "c4", fill: STACK },
  ],
  maximum: 100,
  total: "cpu.busy",
  unit: percents,
  write: percent,
  collector: "cpu",
};

const CORES: Track = {
  id: "core",
  name: "Per core",
  heightPx: 104,
  kind: "heat",
  series: [],
  maximum: 100,
  unit: percents,
  write: percent,
  note: () => "% busy",
  collector: "cpu",
};

/** One scale for the three bands: the smallest of these that holds. */
export const PRESSURE_SCALES = [10, 25, 60, 100] as const;

const PRESSURE: Track = {
  id: "pressure",
  name: "Pressure",
  heightPx: 118,
  kind: "bands",
  series: [
    { column: "pressure.iosome", name: "I/O some", color: "c2", fill: PALE, pane: 0 },
    { column: "pressure.iofull", name: "I/O full", color: "c7", fill: STRONG, pane: 0 },
    { column: "pressure.cpusome", name: "CPU some", color: "c1", fill: PALE, pane: 1 },
    { column: "pressure.memorysome", name: "memory some", color: "c6", fill: PALE, pane: 2 },
    { column: "pressure.memoryfull", name: "memory full", color: "c4", fill: STRONG, pane: 2 },
  ],
  panes: ["I/O", "CPU", "mem"],
  round: (value) => scaleOf(PRESSURE_SCALES, value),
  maximum: PRESSURE_SCALES[0],
  unit: percents,
  write: percent,
  note: (_, high) => `% stalled, 0 to ${high}`,
  collector: "pressure",
};

const MEMORY: Track = {
  id: "memory",
  name: "Memory",
  heightPx: 124,
  kind: "stack",
  series: [
    { column: "memory.used", name: "used", color: "c6", fill: 0.42 },
    { column: "memory.kernel", name: "kernel", color: "c4", fill: STACK },
    { column: "memory.buffers", name: "buffers", color: "c9", fill: STACK },
    { column: "memory.cache", name: "cache", color: "c10", fill: 0.13 },
  ],
  maximumColumn: "memory.total",
  maximum: 1024 ** 3,
  unit: capacityUnit,
  write: figure,
  collector: "meminfo",
};

const SWAP: Track = {
  id: "swap",
  name: "Swap",
  heightPx: 48,
  kind: "stack",
  series: [{ column: "swap.used", name: "used", color: "c7", fill: STACK }],
  maximumColumn: "swap.total",
  maximum: 1024 ** 3,
  total: "swap.used",
  unit: capacityUnit,
  write: figure,
  collector: "meminfo",
  onceUsed: "swap.used",
};

/** Disk I/O of all disks, or of one. */
export function diskTrack(device = ""): Track {
  const of = device === "" ? "" : `/${device}`;
  return {
    id: `disk${of}`,
    name: device || "Disk I/O",
    heightPx: device === "" ? 124 : 96,
    kind: "mirror",
    series: [
      { column: `disk.read${of}`, name: "read, up", color: "c3", fill: MIRROR },
      { column: `disk.write${of}`, name: "write, down", color: "c2", fill: MIRROR },
    ],
    figures: [
      { column: `disk.await${of}`, name: "await, ms", unit: "ms" },
      { column: `disk.queue${of}`, name: "queue", unit: "" },
    ],
    maximum: MEGA,
    unit: (maximum) => byteRateUnit(calmly(maximum)),
    write: figure,
    collector: "diskstats",
    ...(device === "" ? { parts: "disk" as const } : {}),
  };
}

/** Traffic of all interfaces, or of one. */
export function networkTrack(device = ""): Track {
  const of = device === "" ? "" : `/${device}`;
  const drops = { column: `network.drops${of}`, name: "drops /s", unit: "/s" };
  return {
    id: `network${of}`,
    name: device || "Network",
    heightPx: device === "" ? 124 : 96,
    kind: "mirror",
    series: [
      { column: `network.in${of}`, name: "in, up", color: "c10", fill: MIRROR },
      { column: `network.out${of}`, name: "out, down", color: "c5", fill: MIRROR },
    ],
    figures: device === "" ? [{ column: "network.retransmits", name: "retransmits /s", unit: "/s" }, drops] : [drops],
    maximum: MEGA,
    speedColumn: `network.speed${of}`,
    unit: (maximum) => bitRateUnit(calmly(maximum)),
    write: figure,
    collector: "netdev",
    ...(device === "" ? { parts: "network" as const } : {}),
  };
}

/** The tracks that every host is expected to have, in their order. Temperature follows where there are sensors. */
export const TRACKS: readonly Track[] = [CPU, CORES, PRESSURE, MEMORY, SWAP, diskTrack(), networkTrack()];

/** Every column that a track shows. */
export const columnsOf = (track: Track): string[] => [...track.series, ...(track.figures ?? [])].map((one) => one.column);
