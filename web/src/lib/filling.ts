// When a filesystem will be full, from the free space of the days before, and how it is said. Pure.
// The rule: hourly means of at least three of the last seven days, four fifths of those hours known; the rate is the
// median of what changed from each hour to the same hour of the next day, so that one big copy, or what fills by day and
// is cleared by night, does not decide.

import { whole } from "./numbers";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NBSP = "\u00a0";
export const LOOK_BACK_MS = 7 * DAY_MS;
export const AHEAD_MS = 7 * DAY_MS;
const LEAST_MS = 3 * DAY_MS;
const LEAST_KNOWN = 0.8;
/** Less than this part of the whole in a week is steady. */
const STEADY = 0.005;
/** A disk that is full sooner is told in the sentence. */
export const DANGER_MS = 14 * DAY_MS;

export interface FreeSpace {
  /** [Unix milliseconds, bytes free], a point an hour, in order. */
  points: readonly (readonly [number, number])[];
  sizeBytes: number;
}

export type Filling =
  | { kind: "unknown" }
  | { kind: "steady"; overMs: number }
  | { kind: "full"; inMs: number; overMs: number; bytesPerDay: number };

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? (values[middle] as number) : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
}

/** Bytes a day by which free space changes: the median of the changes from an hour to the same hour of the next day. */
function perDay(points: FreeSpace["points"]): number {
  const known = new Map(points.map(([ms, free]) => [Math.round(ms / HOUR_MS), free]));
  const changes: number[] = [];
  for (const [hour, free] of known) {
    const next = known.get(hour + 24);
    if (next !== undefined) changes.push(next - free);
  }
  return changes.length === 0 ? 0 : median(changes);
}

/** When it will be full at the rate of these days. */
export function filling(space: FreeSpace): Filling {
  const first = space.points[0];
  const last = space.points.at(-1);
  if (first === undefined || last === undefined) return { kind: "unknown" };
  const overMs = last[0] - first[0];
  if (overMs < LEAST_MS || space.points.length < (LEAST_KNOWN * overMs) / HOUR_MS) return { kind: "unknown" };
  const bytesPerDay = -perDay(space.points);
  if (bytesPerDay * 7 < STEADY * space.sizeBytes) return { kind: "steady", overMs };
  return { kind: "full", inMs: (last[1] / bytesPerDay) * DAY_MS, overMs, bytesPerDay };
}

/** `9 days`, `7 months`, `over a year`; never a decimal. */
export function distant(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  if (days < 1) return `less than a${NBSP}day`;
  if (days < 61) return `${days}${NBSP}${days === 1 ? "day" : "days"}`;
  if (days < 365) return `${Math.floor(days / 30.44)}${NBSP}months`;
  return "over a year";
}

/** `full in 9 days`, `steady`, `too little history`. */
export function fillingWords(filled: Filling): string {
  if (filled.kind === "unknown") return "too little history";
  return filled.kind === "steady" ? "steady" : `full in ${distant(filled.inMs)}`;
}

/** From which days it was said: `from 7 days`. */
export const fromDays = (overMs: number): string => `from ${whole(Math.round(overMs / DAY_MS))}${NBSP}days`;

/** The part of the whole that will be used seven days from now, at most 1; null where that cannot be said. */
export function usedAhead(filled: Filling, freeBytes: number, sizeBytes: number): number | null {
  if (filled.kind !== "full" || sizeBytes <= 0) return null;
  const free = Math.max(0, freeBytes - (filled.bytesPerDay * AHEAD_MS) / DAY_MS);
  return 1 - free / sizeBytes;
}
