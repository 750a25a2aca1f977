// From samples to what a canvas column can show: cumulated stacks, one minimum and maximum a column, spans without
// data. Pure; called once a redraw for visible tracks.

export interface Reduced {
  /** Seconds, shared by all lines. */
  x: number[];
  /** A line each; null is a gap. */
  lines: (number | null)[][];
}

/** Each row becomes the sum of itself and the rows before; absent only where all rows are. */
export function cumulate(rows: readonly Float64Array[]): Float64Array[] {
  const length = rows[0]?.length ?? 0;
  const sums = rows.map(() => new Float64Array(length).fill(NaN));
  for (let i = 0; i < length; i++) {
    if (rows.every((row) => Number.isNaN(row[i]))) continue;
    let sum = 0;
    rows.forEach((row, k) => {
      const value = row[i] ?? NaN;
      if (value > 0) sum += value;
      (sums[k] as Float64Array)[i] = sum;
    });
  }
  return sums;
}

const orNull = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value);

/** Reduce rows on a regular grid to at most `columns` pixel columns, two points (minimum, maximum, as they came) each. */
export function reduce(rows: readonly Float64Array[], startMs: number, stepMs: number, columns: number): Reduced {
  const length = rows[0]?.length ?? 0;
  if (length <= columns) {
    const x = Array.from({ length }, (_, i) => (startMs + i * stepMs) / 1000);
    return { x, lines: rows.map((row) => Array.from(row, orNull)) };
  }
  const x: number[] = [];
  const lines: (number | null)[][] = rows.map(() => []);
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * length) / columns);
    const to = Math.floor(((column + 1) * length) / columns);
    const middle = from + (to - from) / 2;
    x.push((startMs + from * stepMs) / 1000, (startMs + middle * stepMs) / 1000);
    rows.forEach((row, k) => (lines[k] as (number | null)[]).push(...extremes(row, from, to)));
  }
  return { x, lines };
}

// A column that holds a gap, however short, shows it: a gap of one interval is a gap too.
function extremes(row: Float64Array, from: number, to: number): [number | null, number | null] {
  let least = from;
  let most = from;
  for (let i = from; i < to; i++) {
    const value = row[i] as number;
    if (Number.isNaN(value)) return [null, null];
    if (value < (row[least] as number)) least = i;
    if (value > (row[most] as number)) most = i;
  }
  const first = row[Math.min(least, most)] as number;
  return [first, row[Math.max(least, most)] as number];
}

export interface Gap {
  fromMs: number;
  toMs: number;
}

/** The spans without any sample of the rows that lie between two samples, from the last before to the first after. */
export function gaps(rows: readonly Float64Array[], startMs: number, stepMs: number): Gap[] {
  const length = rows[0]?.length ?? 0;
  const found: Gap[] = [];
  let last = -1;
  for (let i = 0; i < length; i++) {
    if (rows.every((row) => Number.isNaN(row[i]))) continue;
    if (last >= 0 && i - last > 1) found.push({ fromMs: startMs + last * stepMs, toMs: startMs + i * stepMs });
    last = i;
  }
  return found;
}

export interface Summary {
  mean: number;
  highest: number;
  highestMs: number;
}

/** Mean and highest of a row, for captions; null where it has no sample. */
export function summarise(row: Float64Array, startMs: number, stepMs: number): Summary | null {
  let count = 0;
  let sum = 0;
  let most = -1;
  row.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    count += 1;
    sum += value;
    if (most < 0 || value > (row[most] as number)) most = i;
  });
  return count === 0 ? null : { mean: sum / count, highest: row[most] as number, highestMs: startMs + most * stepMs };
}
