// Live rows on their way into the grid: which column each float belongs to, and what a bucket of several rows shows so far.
// At the collecting interval a row is a slot. Allocates nothing a row once the columns are known.

import { type Labels, type Question, join } from "./asking";
import type { Columns } from "./columns";
import type { Grid } from "./grid";

interface Place {
  question: Question;
  column: number;
  /** The columns of a wide bucket's minimum and maximum; -1 where nobody asked. */
  least: number;
  most: number;
}

export class Rows {
  private places: (Place | null)[] = [];
  /** The places whose columns differ: several series may share one. */
  private written: Place[] = [];
  private row = new Float64Array(0);
  private slot = -1;
  private counts = new Float64Array(0);
  private totals = new Float64Array(0);

  constructor(
    private readonly columns: Columns,
    private readonly intervalMs: number,
  ) {}

  /** The stream's series, an entry per question. */
  arrange(questions: readonly Question[], found: readonly Labels[][]): void {
    this.places = found.flatMap((series, place) => series.map((labels) => this.placeOf(questions[place], labels)));
    const first = new Map<number, Place>();
    for (const place of this.places) if (place !== null && !first.has(place.column)) first.set(place.column, place);
    this.written = [...first.values()];
    this.slot = -1;
  }

  take(grid: Grid, timestampMs: number, values: readonly (number | null)[]): void {
    this.grow();
    for (const place of this.written) this.row[place.column] = NaN;
    for (let i = 0; i < this.places.length; i++) {
      const place = this.places[i];
      const value = values[i];
      if (place == null || value == null || !Number.isFinite(value)) continue;
      this.row[place.column] = join(place.question, this.row[place.column] as number, value);
    }
    const slot = grid.slot(timestampMs);
    grid.advance(slot);
    if (grid.stepMs > this.intervalMs) this.widen(grid, slot);
    else for (const place of this.written) grid.set(place.column, slot, this.row[place.column] as number);
  }

  private placeOf(question: Question | undefined, labels: Labels): Place | null {
    const name = question?.column(labels) ?? null;
    if (question === undefined || name === null) return null;
    const extreme = (suffix: string, asked: boolean) => (asked ? this.columns.add(name + suffix) : -1);
    const { extremes = false } = question;
    return { question, column: this.columns.add(name), least: extreme(":min", extremes === true), most: extreme(":max", extremes !== false) };
  }

  private grow(): void {
    if (this.row.length >= this.columns.size) return;
    this.row = new Float64Array(this.columns.size).fill(NaN);
    this.counts = new Float64Array(this.columns.size);
    this.totals = new Float64Array(this.columns.size);
    this.slot = -1;
  }

  // The bucket so far; once it is complete it is read from the store, as this page may have heard only part of it.
  private widen(grid: Grid, slot: number): void {
    if (slot !== this.slot) {
      this.slot = slot;
      this.counts.fill(0);
      this.totals.fill(0);
    }
    for (const { question, column, least, most } of this.written) {
      const value = this.row[column] as number;
      if (Number.isNaN(value)) continue;
      const count = ((this.counts[column] as number) += 1);
      const total = ((this.totals[column] as number) += value);
      const highest = Math.max(value, this.known(grid, question.bucket === "max" ? column : most, slot, value));
      grid.set(least, slot, Math.min(value, this.known(grid, least, slot, value)));
      grid.set(most, slot, highest);
      grid.set(column, slot, question.bucket === "max" ? highest : total / count);
    }
  }

  private known(grid: Grid, column: number, slot: number, otherwise: number): number {
    const value = grid.at(column, slot);
    return Number.isNaN(value) ? otherwise : value;
  }
}
