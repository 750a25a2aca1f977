// The four tracks: names, order, heights, colours and how their figures are written. A literal table.

import { bitRateUnit, byteRateUnit, capacityUnit, figure, percent, type Unit } from "./numbers";

export interface Series {
  column: string;
  name: string;
  /** The token of its colour: `c1` ... `c10`. */
  color: string;
  /** Opacity of its fill. */
  fill: number;
}

export interface Track {
  id: string;
  name: string;
  heightPx: number;
  /** A stack has a fixed maximum; a mirror draws its first series up and its second down from 0. */
  kind: "stack" | "mirror";
  /** Bottom to top; of a mirror: up, down. */
  series: readonly Series[];
  /** The column that holds a stack's maximum, where it is not fixed. */
  maximumColumn?: string;
  /** The fixed maximum of a stack, or the least maximum of a mirror's side, in base units. */
  maximum: number;
  /** The one unit of column and axis, from the maximum drawn. */
  unit: (maximum: number) => Unit;
  /** How a value in that unit is written. */
  write: (value: number) => string;
}

const STACK = 0.62;
const MIRROR = 0.36;
const MEGA = 1_000_000;

/** Rates are read in mega, and in giga only once the axis goes beyond one: quiet seconds would all read 0.0. */
const calmly = (maximum: number): number => Math.max(MEGA, maximum / 2);

export const TRACKS: readonly Track[] = [
  {
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
    unit: () => ({ name: "%", factor: 1 }),
    write: percent,
  },
  {
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
  },
  {
    id: "disk",
    name: "Disk I/O",
    heightPx: 124,
    kind: "mirror",
    series: [
      { column: "disk.read", name: "read, up", color: "c3", fill: MIRROR },
      { column: "disk.write", name: "write, down", color: "c2", fill: MIRROR },
    ],
    maximum: MEGA,
    unit: (maximum) => byteRateUnit(calmly(maximum)),
    write: figure,
  },
  {
    id: "network",
    name: "Network",
    heightPx: 124,
    kind: "mirror",
    series: [
      { column: "network.in", name: "in, up", color: "c10", fill: MIRROR },
      { column: "network.out", name: "out, down", color: "c5", fill: MIRROR },
    ],
    maximum: MEGA,
    unit: (maximum) => bitRateUnit(calmly(maximum)),
    write: figure,
  },
];
