// The samples of one host on this page: reads spans from the store into grids, writes live rows into the live grid, and
// mends what was missed while nobody listened. Knows nothing of views or pixels.

import { Failure, type MatrixSeries, queryRange } from "./api";
import { COLUMNS, type Expression, type Labels, trackExpressions } from "./expressions";
import { Grid } from "./grid";

export interface TrackFailure {
  kind: "refused" | "failed";
  reason: string;
  promql: string;
}

export type Failures = Record<string, TrackFailure>;

/** What came of reading a span. */
export interface Reading {
  /** What failed, by track. */
  failures: Failures;
  /** Whether the server answered every question, be it with a refusal. */
  answered: boolean;
}

/** Slots that a ring keeps beyond its range, so that the left edge is never short of a bucket. */
const SPARE_SLOTS = 16;

/** An empty grid for a range that ends at an instant. */
export function gridFor(rangeMs: number, stepMs: number, toMs: number): Grid {
  const grid = new Grid(COLUMNS, stepMs, Math.ceil(rangeMs / stepMs) + SPARE_SLOTS);
  grid.advance(grid.slot(toMs));
  return grid;
}

export class Samples {
  /** Where live rows go; null until a live view was asked for. */
  live: Grid | null = null;
  /** What the live stream is asked for. */
  readonly liveExpressions: readonly Expression[];

  private layout: number[] = [];
  private readonly row = new Float64Array(COLUMNS.length);
  private readonly bucket = { slot: -1, counts: new Float64Array(COLUMNS.length), totals: new Float64Array(COLUMNS.length) };

  constructor(
    readonly host: string,
    readonly intervalMs: number,
    private readonly signedOut: () => void,
  ) {
    this.liveExpressions = trackExpressions(host, intervalMs, intervalMs);
  }

  /** The stream's series, an entry per expression: which column each value of a row belongs to. */
  arrange(found: readonly Labels[][]): void {
    this.layout = found.flatMap((series, place) =>
      series.map((labels) => COLUMNS.indexOf(this.liveExpressions[place]?.column(labels) ?? "")),
    );
  }

  /** Take a live row. At the collecting interval it is a slot; in a wider bucket, part of the mean of its rows so far. */
  take(timestampMs: number, values: readonly (number | null)[]): void {
    const grid = this.live;
    if (grid === null) return;
    this.row.fill(NaN);
    values.forEach((value, place) => {
      const column = this.layout[place] ?? -1;
      if (column < 0 || value === null || !Number.isFinite(value)) return;
      const before = this.row[column] as number;
      this.row[column] = (Number.isNaN(before) ? 0 : before) + value;
    });
    const slot = grid.slot(timestampMs);
    grid.advance(slot);
    if (grid.stepMs > this.intervalMs) this.average(grid, slot);
    else this.row.forEach((value, column) => grid.set(column, slot, value));
  }

  /** Read a span from the store into a grid. A place with a sample never becomes a gap again. */
  async fill(grid: Grid, fromMs: number, toMs: number, signal: AbortSignal | null): Promise<Reading> {
    const from = Math.floor(fromMs / grid.stepMs);
    const to = Math.min(Math.floor(toMs / grid.stepMs), grid.newest);
    const reading: Reading = { failures: {}, answered: true };
    if (to < from) return reading;
    const expressions = trackExpressions(this.host, grid.stepMs, this.intervalMs);
    await Promise.all(
      expressions.map(async (expression) => {
        try {
          pour(grid, expression, await queryRange(expression, grid.ms(from), grid.ms(to), grid.stepMs, signal), from, to);
        } catch (error) {
          this.failed(expression, error, reading);
        }
      }),
    );
    return reading;
  }

  private average(grid: Grid, slot: number): void {
    const bucket = this.bucket;
    if (slot !== bucket.slot) {
      bucket.slot = slot;
      bucket.counts.fill(0);
      bucket.totals.fill(0);
    }
    this.row.forEach((value, column) => {
      if (Number.isNaN(value)) return;
      const count = (bucket.counts[column] ?? 0) + 1;
      const total = (bucket.totals[column] ?? 0) + value;
      bucket.counts[column] = count;
      bucket.totals[column] = total;
      grid.set(column, slot, total / count);
    });
  }

  private failed(expression: Expression, error: unknown, reading: Reading): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!(error instanceof Failure)) throw error;
    if (error.kind === "signed-out" || error.kind === "unreachable") {
      // the connection tells of it, once, not every track
      reading.answered = false;
      if (error.kind === "signed-out") this.signedOut();
    } else {
      reading.failures[expression.track] = { kind: error.kind, reason: error.message, promql: expression.promql };
    }
  }
}

// Series of one column are added.
function pour(grid: Grid, expression: Expression, found: readonly MatrixSeries[], from: number, to: number): void {
  const sums = new Map<string, Float64Array>();
  for (const series of found) {
    const column = expression.column(series.metric);
    if (column === null) continue;
    const sum = sums.get(column) ?? new Float64Array(to - from + 1).fill(NaN);
    sums.set(column, sum);
    for (const [seconds, text] of series.values) {
      const place = Math.round((seconds * 1000) / grid.stepMs) - from;
      const value = Number(text);
      if (place < 0 || place >= sum.length || !Number.isFinite(value)) continue;
      const before = sum[place] as number;
      sum[place] = (Number.isNaN(before) ? 0 : before) + value;
    }
  }
  for (const [column, sum] of sums) {
    const index = grid.index(column);
    sum.forEach((value, place) => {
      if (!Number.isNaN(value)) grid.set(index, from + place, value);
    });
  }
}
