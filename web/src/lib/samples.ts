// The samples of one host on this page: reads spans from the store into grids, writes live rows into the live grid, and
// mends what was missed while nobody listened. Knows nothing of views or pixels.

import { Failure, type MatrixSeries, queryRange } from "./api";
import { type Asked, Asking, type Labels, type Question, asked, join } from "./asking";
import type { Columns } from "./columns";
import { Grid } from "./grid";
import { Rows } from "./rows";

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
export function gridFor(columns: Columns, rangeMs: number, stepMs: number, toMs: number): Grid {
  const grid = new Grid(columns, stepMs, Math.ceil(rangeMs / stepMs) + SPARE_SLOTS);
  grid.advance(grid.slot(toMs));
  return grid;
}

export class Samples {
  /** Where live rows go; null until a live view was asked for. */
  live: Grid | null = null;
  private readonly rows: Rows;
  /** A held grid whose window is not over: rows go there too until it is. */
  coming: Grid | null = null;
  private readonly comingRows: Rows;

  constructor(
    readonly host: string,
    readonly intervalMs: number,
    readonly columns: Columns,
    private readonly signedOut: () => void,
  ) {
    this.rows = new Rows(columns, intervalMs);
    this.comingRows = new Rows(columns, intervalMs);
  }

  /** What the live stream is asked for. */
  promql(question: Question): string {
    return question.promql(new Asking(this.host, this.intervalMs, this.intervalMs));
  }

  /** The stream's series, an entry per question: which column each value of a row belongs to. */
  arrange(questions: readonly Question[], found: readonly Labels[][]): void {
    this.rows.arrange(questions, found);
    this.comingRows.arrange(questions, found);
  }

  take(timestampMs: number, values: readonly (number | null)[]): void {
    if (this.live !== null) this.rows.take(this.live, timestampMs, values);
    if (this.coming === null) return;
    if (timestampMs > this.coming.ms(this.coming.newest)) this.coming = null;
    else this.comingRows.take(this.coming, timestampMs, values);
  }

  /** Read what a grid holds of a span from the store into it. A place with a sample never becomes a gap again. */
  async fill(grid: Grid, questions: readonly Question[], fromMs: number, toMs: number, signal: AbortSignal | null): Promise<Reading> {
    const from = Math.max(Math.floor(fromMs / grid.stepMs), grid.newest - grid.capacity + 1);
    const to = Math.min(Math.floor(toMs / grid.stepMs), grid.newest);
    const reading: Reading = { failures: {}, answered: true };
    if (to < from) return reading;
    const ask = new Asking(this.host, grid.stepMs, this.intervalMs);
    const reads = questions.flatMap((question) => asked(question, ask));
    await Promise.all(
      reads.map(async (read) => {
        try {
          pour(grid, read, await queryRange(read, grid.ms(from), grid.ms(to), grid.stepMs, signal), from, to);
          if (read.suffix !== "") grid.banded.add(read.promql);
        } catch (error) {
          this.failed(grid, read, error, reading);
        }
      }),
    );
    return reading;
  }

  private failed(grid: Grid, read: Asked, error: unknown, reading: Reading): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!(error instanceof Failure)) throw error;
    if (error.kind === "signed-out" || error.kind === "unreachable") {
      // the connection tells of it, once, not every track
      reading.answered = false;
      if (error.kind === "signed-out") this.signedOut();
    } else if (read.suffix !== "") {
      // extremes that are too dear to ask for leave a mean without its band, and the tag says so
      if (!grid.banded.has(read.promql)) grid.bandless.add(read.promql);
    } else {
      reading.failures[read.question.track] = { kind: error.kind, reason: error.message, promql: read.promql };
    }
  }
}

/** Put an answer's series into their columns. */
export function pour(grid: Grid, read: Asked, found: readonly MatrixSeries[], from: number, to: number): void {
  const rows = new Map<string, Float64Array>();
  for (const series of found) {
    const column = read.question.column(series.metric);
    if (column === null) continue;
    const row = rows.get(column) ?? new Float64Array(to - from + 1).fill(NaN);
    rows.set(column, row);
    for (const [seconds, text] of series.values) {
      const place = Math.round((seconds * 1000) / grid.stepMs) - from;
      const value = Number(text);
      if (place < 0 || place >= row.length || !Number.isFinite(value)) continue;
      row[place] = join(read.question, row[place] as number, value);
    }
  }
  for (const [column, row] of rows) {
    const index = grid.columns.add(column + read.suffix);
    row.forEach((value, place) => {
      if (!Number.isNaN(value)) grid.set(index, from + place, value);
    });
  }
}
