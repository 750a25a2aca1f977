// A sparkline against a fixed top: the samples of a view as two SVG paths, one extreme a column, gaps as gaps. Pure.

export interface Spark {
  line: string;
  /** The same closed down to the bottom. */
  area: string;
}

/** The highest of each column; NaN where it has no sample. */
export function highestOf(values: Float64Array, columns: number): Float64Array {
  const width = Math.min(columns, values.length);
  return Float64Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width);
    const to = Math.floor(((column + 1) * values.length) / width);
    let most = NaN;
    for (let i = from; i < to; i++) if (!((values[i] as number) <= most) && !Number.isNaN(values[i])) most = values[i] as number;
    return most;
  });
}

/** Paths in a box of `columns` by `height`, of which `maximum` is the top. */
export function spark(values: Float64Array, columns: number, height: number, maximum: number): Spark {
  const drawn = highestOf(values, columns);
  const scale = drawn.length > 1 ? columns / (drawn.length - 1) : 0;
  const at = (i: number) => {
    const part = maximum > 0 ? Math.min(1, Math.max(0, (drawn[i] as number) / maximum)) : 0;
    return `${Math.round(i * scale * 10) / 10} ${Math.round((1 - part) * height * 10) / 10}`;
  };
  let line = "";
  let area = "";
  for (let i = 0; i < drawn.length; i++) {
    if (Number.isNaN(drawn[i])) continue;
    const from = i;
    while (i + 1 < drawn.length && !Number.isNaN(drawn[i + 1])) i += 1;
    const points = Array.from({ length: i - from + 1 }, (_, place) => at(from + place));
    // a lonely sample is a short stroke, not nothing
    line += points.length > 1 ? `M${points.join("L")}` : `M${points[0]}h1`;
    area += `M${Math.round(from * scale * 10) / 10} ${height}L${points.join("L")}V${height}Z`;
  }
  return { line, area };
}

/**
 * The highest sample of a span and its place, where `most` holds the most within each bucket. Exact where that is known of
 * every bucket: else one of the means may be the highest that is known.
 */
export function peakWithin(means: Float64Array, most: Float64Array): { value: number; place: number; exact: boolean } | null {
  const highs = means.map((mean, i) => (Number.isNaN(most[i]) || most[i] === undefined ? mean : Math.max(mean, most[i])));
  const found = peakOf(highs);
  return found === null ? null : { ...found, exact: means.every((mean, i) => Number.isNaN(mean) || !Number.isNaN(most[i] ?? NaN)) };
}

/** The highest of several spans at each place; absent where all are. */
export function highestAmong(...spans: Float64Array[]): Float64Array {
  return (spans[0] ?? new Float64Array()).map((_, i) => spans.reduce((most, span) => ((span[i] as number) <= most || Number.isNaN(span[i]) ? most : (span[i] as number)), NaN));
}

/** The highest sample and its place; null where there is none. */
export function peakOf(values: Float64Array): { value: number; place: number } | null {
  let place = -1;
  values.forEach((value, i) => {
    if (!Number.isNaN(value) && (place < 0 || value > (values[place] as number))) place = i;
  });
  return place < 0 ? null : { value: values[place] as number, place };
}
