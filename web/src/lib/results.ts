// What a query gave, made ready for chart, table and file. Pure.

import { roundMaximum, splits } from "./axis";
import { figure } from "./numbers";
import type { Picture } from "./picture";
import { gaps } from "./pixels";

export type Labels = Record<string, string>;

export interface Row {
  labels: Labels;
  /** Instants, milliseconds, and values; NaN where the value is none. */
  times: Float64Array;
  values: Float64Array;
}

export interface Statistics {
  min: number;
  mean: number;
  max: number;
  last: number;
}

/** A series as people write it: `up{job="node"}`. */
export function seriesText(labels: Labels): string {
  const { __name__: name = "", ...others } = labels;
  const matchers = Object.entries(others).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return matchers.length === 0 && name !== "" ? name : `${name}{${matchers.join(", ")}}`;
}

/** What names each of several things: what reads the same is told apart by a number behind it. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let number = 2; taken.has(own); number++) own = `${name} ${number}`;
    taken.add(own);
    return own;
  });
}

export function statistics(values: Float64Array): Statistics {
  let [min, max, sum, count, last] = [Infinity, -Infinity, 0, 0, NaN];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count += 1;
    last = value;
  }
  return count === 0 ? { min: NaN, mean: NaN, max: NaN, last } : { min, mean: sum / count, max, last };
}

const TINY = 1e-5;
const HUGE = 1e12;

/** A value of any size, as a table shows it. */
export function valueText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "\u2212Inf";
  if (Number.isNaN(value)) return "no data";
  const size = Math.abs(value);
  if (size !== 0 && (size < TINY || size >= HUGE)) return value.toExponential(2).replace("-", "\u2212").replace("e+", "e");
  if (Number.isInteger(value) && size < 1000) return String(value).replace("-", "\u2212");
  if (size < 1) return value.toPrecision(3).replace("-", "\u2212");
  return figure(value);
}

const quoted = (text: string): string => {
  // what a spreadsheet would take for a formula stays text
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** What is seen as CSV: one line an instant, one column a series. */
export function csv(rows: readonly Row[]): string {
  const times = [...new Set(rows.flatMap((row) => [...row.times]))].sort((a, b) => a - b);
  const at = rows.map((row) => new Map([...row.times].map((ms, place) => [ms, row.values[place] as number])));
  const value = (found: number | undefined) => (found === undefined || Number.isNaN(found) ? "" : String(found));
  const head = ["time", ...rows.map((row) => quoted(seriesText(row.labels)))].join(",");
  return [head, ...times.map((ms) => [new Date(ms).toISOString(), ...at.map((one) => value(one.get(ms)))].join(","))].join("\r\n") + "\r\n";
}

export const COLORS = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10"] as const;

export interface Shown {
  id: string;
  color: string;
  row: Row;
}

/** A picture of lines on one axis, which ends at 0 where no value lies below; hatched between points where no line has any. */
export function picture(shown: readonly Shown[], window: { fromMs: number; toMs: number }, stepMs: number, xSplits: readonly number[]): Picture {
  const count = Math.max(1, Math.floor((window.toMs - window.fromMs) / stepMs) + 1);
  const x = Float64Array.from({ length: count }, (_, place) => window.fromMs + place * stepMs);
  let [low, high] = [0, 0];
  const lines = shown.map(({ id, color, row }, dash) => {
    const y = new Float64Array(count).fill(NaN);
    row.times.forEach((ms, place) => {
      const value = row.values[place] as number;
      if (!Number.isFinite(value)) return;
      y[Math.round((ms - window.fromMs) / stepMs)] = value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
    return { column: id, color, fill: 0, pane: 0, y, base: null, dash };
  });
  const top = high > 0 ? roundMaximum(high, 1e-9) : low < 0 ? 0 : 1;
  const bottom = low < 0 ? -roundMaximum(-low, 1e-9) : 0;
  const labels = splits(bottom, top).map((value) => ({ share: (top - value) / (top - bottom), text: valueText(value), ruled: true }));
  return {
    ...window, x, lines, bands: [], heat: null, panes: [{ top: 0, bottom: 1, low: bottom, high: top }], gaps: gaps(lines.map((line) => line.y), window.fromMs, stepMs), thin: [], shades: [], limits: [], own: true,
    speed: null, labels, xSplits, factor: 1, unitName: "", high: top, empty: lines.length === 0,
  };
}
