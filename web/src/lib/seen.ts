// What is seen of a track in a window, in figures: its columns with their names and samples, and where a bucket holds several
// samples their least and most. What captions, tables and the expanded track are made of. Pure.

import type { Grid } from "./grid";
import { type Summary, summarise } from "./pixels";
import { type Track, columnsOf } from "./tracks";

/** One column of a window; its rows are as long as all others of the window. */
export interface Row {
  column: string;
  name: string;
  /** Samples in base units, of a wide bucket their mean; NaN where there is none. */
  values: Float64Array;
  /** The least and most within each bucket; null where the samples themselves are seen, or nobody asked. */
  least: Float64Array | null;
  most: Float64Array | null;
  /** Whether least and most are those of the samples, not of the buckets' means alone. */
  exact: boolean;
}

export interface Seen {
  rows: readonly Row[];
  /** The sum of a stack's series where it has a column of its own. */
  total: Row | null;
  startMs: number;
  stepMs: number;
}

const coreOf = (column: string): number => Number(column.slice("core.".length));

/** The columns of a track, each with its name: of a heat map the cores there are, by number. */
export function namedColumns(track: Track, known: readonly string[]): { column: string; name: string }[] {
  if (track.kind === "heat") return [...known].sort((a, b) => coreOf(a) - coreOf(b)).map((column) => ({ column, name: `core ${coreOf(column)}` }));
  const names = [...track.series, ...(track.figures ?? [])].map((one) => one.name.replace(/, (up|down)$/, ""));
  return columnsOf(track).map((column, i) => ({ column, name: names[i] ?? "" }));
}

/** The samples of a track's series, then of its figures (of a heat map: of the cores), in a window; in arrays of their own. */
export function seenOf(track: Track, grid: Grid, fromMs: number, toMs: number, intervalMs: number): Seen {
  const first = Math.max(Math.ceil(fromMs / grid.stepMs), Math.ceil(toMs / grid.stepMs) - grid.capacity);
  const length = Math.max(0, Math.ceil(toMs / grid.stepMs) - first + 1);
  const wide = grid.stepMs > intervalMs;
  const read = (column: string): Float64Array => {
    const row = new Float64Array(length);
    grid.read(grid.index(column), first, row);
    return row;
  };
  const rowOf = (column: string, name: string): Row => {
    const values = read(column);
    const asked = wide && grid.index(`${column}:max`) >= 0;
    const least = asked ? read(`${column}:min`) : null;
    const most = asked ? read(`${column}:max`) : null;
    // a core's bucket is the highest of its samples
    const exact = !wide || track.kind === "heat" || (most !== null && values.every((value, i) => Number.isNaN(value) || !Number.isNaN(most[i] as number)));
    return { column, name, values, least, most, exact };
  };
  return {
    rows: namedColumns(track, grid.columns.under("core.")).map(({ column, name }) => rowOf(column, name)),
    total: track.total === undefined ? null : rowOf(track.total, ""),
    startMs: grid.ms(first),
    stepMs: grid.stepMs,
  };
}

/** What a row, or a part of it, amounts to: a mean and, where they are known, the extremes of the samples themselves. */
export function summaryOf(row: Row, startMs: number, stepMs: number, from = 0, to = row.values.length): Summary | null {
  const found = summarise(row.values.subarray(from, to), startMs, stepMs);
  if (found === null) return null;
  const least = row.least === null ? null : summarise(row.least.subarray(from, to), startMs, stepMs);
  const most = row.most === null ? null : summarise(row.most.subarray(from, to), startMs, stepMs);
  if (least !== null && least.least < found.least) found.least = least.least;
  if (most !== null && most.highest >= found.highest) Object.assign(found, { highest: most.highest, highestMs: most.highestMs });
  return found;
}
