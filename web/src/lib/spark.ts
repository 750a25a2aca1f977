// A line of values as an SVG path in a box: the small pictures in rows. Pure.

export interface SparkPath {
  /** The line; broken where nothing is known. */
  line: string;
  /** The same, closed down to the floor. */
  area: string;
  /** Where a limit lies, from the top; null without one. */
  limitY: number | null;
  /** What the top of the box stands for. */
  maximum: number;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Values at even distances, from 0 to the greatest of them and the limit, in a box of these units. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number, limit: number | null = null): SparkPath {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const maximum = Math.max(...known, limit ?? 0, Number.MIN_VALUE) * 1.08;
  const x = (place: number): number => round(values.length < 2 ? 0 : (place / (values.length - 1)) * width);
  const y = (value: number): number => round(height - (Math.max(0, value) / maximum) * height);
  const lines: string[] = [];
  const areas: string[] = [];
  let run: string[] = [];
  let from = 0;
  const close = (to: number): void => {
    if (run.length === 0) return;
    // a single value is a short dash, not nothing
    const points = run.length === 1 ? [run[0], `${round(x(from) + 1)} ${run[0]?.split(" ")[1]}`] : run;
    lines.push(`M${points.join("L")}`);
    areas.push(`M${x(from)} ${height}L${points.join("L")}L${run.length === 1 ? round(x(from) + 1) : x(to)} ${height}Z`);
    run = [];
  };
  values.forEach((value, place) => {
    if (value === null || !Number.isFinite(value)) return close(place - 1);
    if (run.length === 0) from = place;
    run.push(`${x(place)} ${y(value)}`);
  });
  close(values.length - 1);
  return { line: lines.join(""), area: areas.join(""), limitY: limit === null ? null : y(limit), maximum };
}
