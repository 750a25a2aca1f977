// What parts of the page read of a column: the ring that all tracks share. Reading costs no query and no object per point.
// Whoever wants a column first asks for it: `recorder.subscribe([question])`.

import type { Grid } from "./grid";

export interface Span {
  /** A sample a step; NaN where there is none. */
  values: Float64Array;
  /** The instant of the first. */
  startMs: number;
  stepMs: number;
}

/**
 * The samples of a column from one instant to another, both included. Never longer than the ring: while another range is being
 * read, the view is of that range and the ring still of the one before.
 */
export function spanOf(grid: Grid, column: string, fromMs: number, toMs: number): Span {
  const last = Math.ceil(toMs / grid.stepMs);
  const first = Math.max(Math.ceil(fromMs / grid.stepMs), last - grid.capacity);
  const values = new Float64Array(Math.max(0, last - first + 1));
  grid.read(grid.index(column), first, values);
  return { values, startMs: grid.ms(first), stepMs: grid.stepMs };
}

/** A column's newest sample; null while there is none. */
export function newestOf(grid: Grid, column: string): { ms: number; value: number } | null {
  const index = grid.index(column);
  const slot = grid.last(index);
  return slot < 0 ? null : { ms: grid.ms(slot), value: grid.at(index, slot) };
}
