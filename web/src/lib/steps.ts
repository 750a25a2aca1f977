// Which step a range is drawn with, and the tag that says so. Pure.
// Up to an hour of seconds the page holds raw samples and reduces them itself; above, the server is asked for means.

import { finerStep } from "./asking";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface Range {
  /** As it stands in the address. */
  code: string;
  /** As it stands in the control. */
  text: string;
  ms: number;
}

export const RANGES: readonly Range[] = [
  { code: "5m", text: "5\u00a0min", ms: 5 * MINUTE_MS },
  { code: "15m", text: "15\u00a0min", ms: 15 * MINUTE_MS },
  { code: "1h", text: "1\u00a0h", ms: HOUR_MS },
  { code: "6h", text: "6\u00a0h", ms: 6 * HOUR_MS },
  { code: "24h", text: "24\u00a0h", ms: DAY_MS },
  { code: "7d", text: "7\u00a0d", ms: 7 * DAY_MS },
  { code: "30d", text: "30\u00a0d", ms: 30 * DAY_MS },
];

export const DEFAULT_RANGE_MS = 15 * MINUTE_MS;
/** What a view may be long. */
export const SHORTEST_MS = 10 * SECOND_MS;
export const LONGEST_MS = 31 * DAY_MS;

/** At most so many raw samples a series are asked for; an hour of seconds. */
const MOST_RAW = 3600;

const ROUND_STEPS_MS = [2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * SECOND_MS,
);

/** The step for a view: the collecting interval itself, or the smallest round multiple with one bucket a pixel. */
export function stepFor(rangeMs: number, widthPx: number, intervalMs: number): number {
  if (rangeMs / intervalMs <= MOST_RAW) return intervalMs;
  const least = rangeMs / Math.max(100, widthPx);
  const fits = ROUND_STEPS_MS.find((step) => step >= least && step % intervalMs === 0);
  return fits ?? Math.ceil(least / intervalMs) * intervalMs;
}

function written(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS}\u00a0d`;
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS}\u00a0h`;
  if (ms % MINUTE_MS === 0) return `${ms / MINUTE_MS}\u00a0min`;
  return ms % SECOND_MS === 0 ? `${ms / SECOND_MS}\u00a0s` : `${ms}\u00a0ms`;
}

/** Which of the tracks that should have a band of minimum and maximum have one: the store may refuse extremes as too dear. */
export type Bands = "all" | "some" | "none";

const BANDS: Record<Bands, string> = { all: ", min to max", some: ", min to max of some tracks", none: "" };

/**
 * What the tag says is drawn: `1 s · raw`, `1 s · raw, min to max` (several a pixel), `30 s · mean, min to max`; where the
 * extremes are those of a tier's buckets, `2 min · mean, min to max of 10 s`.
 */
export function resolution(stepMs: number, intervalMs: number, rangeMs: number, columns: number, bands: Bands = "all"): string {
  if (stepMs > intervalMs) {
    const finer = finerStep(stepMs, intervalMs);
    const of = finer > intervalMs && bands === "all" ? ` of ${written(finer)}` : "";
    return `${written(stepMs)} · mean${BANDS[bands]}${of}`;
  }
  return `${written(stepMs)} · raw${rangeMs / stepMs > columns ? ", min to max" : ""}`;
}

/** A range as the control writes it, also when zooming made it odd. */
export function rangeText(ms: number): string {
  return RANGES.find((range) => range.ms === ms)?.text ?? "";
}
