// From samples to what a canvas column can show: cumulated stacks, one minimum and maximum a column, spans without data.
// Pure but for the arrays, which are lent: what one picture is made of lasts until the next `giveBack`.

export interface Reduced {
  /** Milliseconds, shared by all lines. */
  x: Float64Array;
  /** A line each; NaN is a gap. */
  lines: Float64Array[];
}

const lent: Float64Array[] = [];
let used = 0;

/** Begin a picture: the arrays of the one before may be written over. */
export function giveBack(): void {
  used = 0;
}

/** An array for this picture; what it holds is undefined. */
export function lend(length: number): Float64Array {
  let array = lent[used];
  if (array === undefined || array.length < length) {
    array = new Float64Array(Math.max(1024, 2 ** Math.ceil(Math.log2(length + 1))));
    lent[used] = array;
  }
  used += 1;
  return array.subarray(0, length);
}

/** Each row becomes the sum of itself and the rows before; absent only where all rows are. */
export function cumulate(rows: readonly Float64Array[]): Float64Array[] {
  const length = rows[0]?.length ?? 0;
  const sums = rows.map(() => lend(length));
  for (let i = 0; i < length; i++) {
    let any = false;
    let sum = 0;
    for (let k = 0; k < rows.length; k++) {
      const value = (rows[k] as Float64Array)[i] as number;
      if (!Number.isNaN(value)) any = true;
      if (value > 0) sum += value;
      (sums[k] as Float64Array)[i] = sum;
    }
    if (!any) for (const row of sums) row[i] = NaN;
  }
  return sums;
}

/** How samples fall into pixel columns. The borders are fixed in time, so that a live picture does not shimmer. */
export interface Split {
  /** Where each column begins, in samples of the row; one more than there are columns. */
  starts: Int32Array;
}

/** At most `columns` + 1 columns over a row that begins at `startMs`; null where every sample has one of its own. */
export function split(length: number, startMs: number, stepMs: number, columns: number): Split | null {
  if (length <= columns) return null;
  const per = length / columns;
  const first = Math.round(startMs / stepMs);
  const from = Math.floor(first / per);
  const count = Math.floor((first + length - 1) / per) - from + 1;
  const starts = new Int32Array(count + 1);
  for (let k = 1; k < count; k++) starts[k] = Math.min(length, Math.max(0, Math.ceil((from + k) * per) - first));
  starts[count] = length;
  return { starts };
}

/** Reduce rows on a regular grid to at most one column a pixel, two points (minimum, maximum, as they came) each. */
export function reduce(rows: readonly Float64Array[], startMs: number, stepMs: number, columns: number): Reduced {
  const length = rows[0]?.length ?? 0;
  const found = split(length, startMs, stepMs, columns);
  if (found === null) {
    const x = lend(length);
    for (let i = 0; i < length; i++) x[i] = startMs + i * stepMs;
    return { x, lines: [...rows] };
  }
  const { starts } = found;
  const count = starts.length - 1;
  const x = lend(2 * count);
  for (let k = 0; k < count; k++) {
    const from = starts[k] as number;
    x[2 * k] = startMs + from * stepMs;
    x[2 * k + 1] = startMs + (from + ((starts[k + 1] as number) - from) / 2) * stepMs;
  }
  return { x, lines: rows.map((row) => extremes(row, starts)) };
}

// A column that holds a gap, however short, shows it: a gap of one interval is a gap too.
function extremes(row: Float64Array, starts: Int32Array): Float64Array {
  const count = starts.length - 1;
  const out = lend(2 * count);
  for (let k = 0; k < count; k++) {
    let least = starts[k] as number;
    let most = least;
    let whole = true;
    for (let i = least; i < (starts[k + 1] as number); i++) {
      const value = row[i] as number;
      if (Number.isNaN(value)) whole = false;
      if (value < (row[least] as number)) least = i;
      if (value > (row[most] as number)) most = i;
    }
    out[2 * k] = whole ? (row[Math.min(least, most)] as number) : NaN;
    out[2 * k + 1] = whole ? (row[Math.max(least, most)] as number) : NaN;
  }
  return out;
}

/** The highest of each column, which is what a heat map shows; a row that fits is handed back. */
export function highestOf(row: Float64Array, starts: Int32Array | null): Float64Array {
  if (starts === null) return row;
  const out = lend(starts.length - 1);
  for (let k = 0; k < out.length; k++) {
    let most = NaN;
    for (let i = starts[k] as number; i < (starts[k + 1] as number); i++) {
      const value = row[i] as number;
      if (Number.isNaN(most) || value > most) most = value;
    }
    out[k] = most;
  }
  return out;
}

export interface Gap {
  fromMs: number;
  toMs: number;
}

const absent = (rows: readonly Float64Array[], i: number): boolean => {
  for (const row of rows) if (!Number.isNaN(row[i] as number)) return false;
  return true;
};

/**
 * The spans without any sample of the rows that lie between two samples, from the last before to the first after. At the
 * edges that only one sample bounds, or none, a span is a gap as far as it is `known` to be.
 */
export function gaps(rows: readonly Float64Array[], startMs: number, stepMs: number, known: readonly Gap[] = []): Gap[] {
  const length = rows[0]?.length ?? 0;
  const found: Gap[] = [];
  let first = -1;
  let last = -1;
  for (let i = 0; i < length; i++) {
    if (absent(rows, i)) continue;
    if (last >= 0 && i - last > 1) found.push({ fromMs: startMs + last * stepMs, toMs: startMs + i * stepMs });
    if (first < 0) first = i;
    last = i;
  }
  if (known.length === 0 || length === 0) return found;
  const ms = (i: number) => startMs + i * stepMs;
  const edges = last < 0 ? [[ms(0), ms(length - 1)]] : [[ms(0), ms(first)], [ms(last), ms(length - 1)]];
  for (const [from = 0, to = 0] of edges) {
    for (const gap of known) {
      const [fromMs, toMs] = [Math.max(from, gap.fromMs), Math.min(to, gap.toMs)];
      if (toMs > fromMs) found.push({ fromMs, toMs });
    }
  }
  return found;
}

/** Below this part of a bucket something of it was not heard; a late tick is no gap. */
const HEARD_WHOLE = 0.999;

/** The wide buckets of which only a part was heard. The newest is still being filled and is none. */
export function partly(heard: Float64Array, startMs: number, stepMs: number): Gap[] {
  const found: Gap[] = [];
  for (let i = 1; i < heard.length - 1; i++) {
    if ((heard[i] as number) < HEARD_WHOLE && (heard[i - 1] as number) > 0) {
      found.push({ fromMs: startMs + (i - 1) * stepMs, toMs: startMs + i * stepMs });
    }
  }
  return found;
}

export interface Summary {
  least: number;
  mean: number;
  p95: number;
  highest: number;
  highestMs: number;
  last: number;
}

/** What a row amounts to, for captions, tables and the expanded track; null where it has no sample. */
export function summarise(row: Float64Array, startMs: number, stepMs: number): Summary | null {
  const present: number[] = [];
  let sum = 0;
  let most = -1;
  row.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    present.push(value);
    sum += value;
    if (most < 0 || value > (row[most] as number)) most = i;
  });
  const last = present.at(-1);
  if (last === undefined) return null;
  const sorted = Float64Array.from(present).sort();
  return {
    least: sorted[0] as number,
    mean: sum / present.length,
    p95: sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))] as number,
    highest: row[most] as number,
    highestMs: startMs + most * stepMs,
    last,
  };
}
