// What happened in a view: the span in which pressure rose most above what was usual in it. Pure.
// Pressure is the share of time in which something waited (PSI "some"), so a rise means work that could not go on.

export type Resource = "io" | "memory" | "cpu";

/** Percent a step; NaN where there is none. */
export interface PressureSpan {
  values: Float64Array;
  startMs: number;
  stepMs: number;
}

export interface Episode {
  resource: Resource;
  fromMs: number;
  toMs: number;
  /** Whether it reaches the end of the samples. */
  ongoing: boolean;
  /** The step with the highest value, and that value. */
  peakMs: number;
  peak: number;
}

const SMOOTH_MS = 5_000;
const MERGE_MS = 15_000;
const SHORTEST_MS = 3_000;
/** Point-seconds below which nothing happened that is worth a sentence. */
const LEAST_WEIGHT = 150;
// Tasks that wait for a CPU are everyday life; those that wait for memory or a disk do no work at all meanwhile.
const RISES: Record<Resource, number> = { io: 15, memory: 10, cpu: 25 };
const WEIGHTS: Record<Resource, number> = { io: 5, memory: 6, cpu: 1 };
/** What goes on now counts for more than what is over. */
const ONGOING = 1.5;

/** The mean of each step and those before it within `SMOOTH_MS`; NaN where all of them are. */
function smoothed(span: PressureSpan): Float64Array {
  const width = Math.max(1, Math.round(SMOOTH_MS / span.stepMs));
  return span.values.map((_, i) => {
    let sum = 0;
    let count = 0;
    for (let at = Math.max(0, i - width + 1); at <= i; at++) {
      const value = span.values[at] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
    }
    return count === 0 || Number.isNaN(span.values[i]) ? NaN : sum / count;
  });
}

/** The lower quartile of what is known. */
function usual(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return known[Math.floor(known.length / 4)] ?? 0;
}

interface Found extends Episode {
  score: number;
}

function found(resource: Resource, span: PressureSpan, from: number, to: number, base: number, last: number): Found | null {
  let peakAt = from;
  let weight = 0;
  for (let i = from; i <= to; i++) {
    const value = span.values[i] as number;
    if (Number.isNaN(value)) continue;
    if (!(value <= (span.values[peakAt] as number))) peakAt = i;
    weight += (Math.max(0, value - base) * span.stepMs) / 1000;
  }
  const lengthMs = (to - from + 1) * span.stepMs;
  if (weight < LEAST_WEIGHT || lengthMs < SHORTEST_MS) return null;
  const peak = span.values[peakAt] as number;
  const ms = (i: number) => span.startMs + i * span.stepMs;
  const ongoing = (last - to) * span.stepMs <= SMOOTH_MS;
  const strength = WEIGHTS[resource] * (peak - base) * (ongoing ? ONGOING : 1);
  const score = strength * (1 + Math.log10(Math.max(1, lengthMs / SMOOTH_MS)));
  return { resource, fromMs: ms(from) - span.stepMs, toMs: ms(to), ongoing, peakMs: ms(peakAt), peak, score };
}

function episodes(resource: Resource, span: PressureSpan): Found[] {
  const level = smoothed(span);
  const base = usual(level);
  const above = (i: number) => (level[i] as number) - base >= RISES[resource];
  const made: Found[] = [];
  let last = level.length - 1;
  while (last >= 0 && Number.isNaN(level[last])) last -= 1;
  const merge = Math.max(2, Math.round(MERGE_MS / span.stepMs));
  for (let i = 0; i <= last; i++) {
    if (!above(i)) continue;
    let to = i;
    for (let at = i; at <= Math.min(last, to + merge); at++) if (above(at)) to = at;
    // the mean follows late: what led to it belongs to it
    let from = i;
    while (from > 0 && (span.values[from - 1] as number) - base >= RISES[resource]) from -= 1;
    const one = found(resource, span, from, to, base, last);
    if (one !== null) made.push(one);
    i = to;
  }
  return made;
}

/** The one that counts most; null where nothing happened. */
export function strongest(spans: Partial<Record<Resource, PressureSpan>>): Episode | null {
  let best: Found | null = null;
  for (const resource of ["io", "memory", "cpu"] as const) {
    const span = spans[resource];
    if (span === undefined) continue;
    for (const one of episodes(resource, span)) if (best === null || one.score > best.score) best = one;
  }
  if (best === null) return null;
  const { score: _, ...episode } = best;
  return episode;
}

/** What the flight recorder says of a process at one instant. */
export interface Measured {
  name: string;
  /** In the measure of the resource: bytes a second, bytes, cores. */
  amount: number;
  /** Against a minute before the episode; null where that is not known. */
  change: number | null;
}

const LEAST_SHARE = 0.25;

/** Who pressed: the one that grew most, if it did a fair part of all that was done; null where nobody stands out. */
export function culprit(rows: readonly Measured[]): string | null {
  const total = rows.reduce((sum, row) => sum + Math.max(0, row.amount), 0);
  const grown = (row: Measured) => row.change ?? row.amount;
  let most: Measured | null = null;
  for (const row of rows) if (row.amount > 0 && (most === null || grown(row) > grown(most))) most = row;
  if (most === null || grown(most) <= 0 || most.amount < LEAST_SHARE * total) return null;
  return most.name === "" ? null : most.name;
}
