// The caption of a figure, for those who hear it: name, range, mean and highest. Pure.

import { NO_DATA, durationInWords } from "./numbers";
import { type Row, type Seen, summaryOf } from "./seen";
import type { Track } from "./tracks";

/** `CPU, 15 minutes to 14:10: mean 22.0 %, highest 61.2 % at 14:04`; a mirror says both sides. */
export function caption(
  track: Track,
  seen: Seen,
  span: { rangeMs: number; to: string },
  written: { factor: number; unitName: string; at: (ms: number) => string },
): string {
  const head = `${track.name}, ${durationInWords(span.rangeMs)} to ${span.to}`;
  const value = (amount: number) => `${track.write(amount / written.factor)}\u00a0${written.unitName}`;
  const say = (row: Row | undefined): string => {
    const found = row === undefined ? null : summaryOf(row, seen.startMs, seen.stepMs);
    if (row === undefined || found === null) return NO_DATA;
    // of wide buckets without extremes only the means are known
    const highest = row.exact ? "highest" : `highest mean of ${durationInWords(seen.stepMs)}`;
    return `mean ${value(found.mean)}, ${highest} ${value(found.highest)} at ${written.at(found.highestMs)}`;
  };
  if (track.kind === "heat") return `${head}: busiest core ${say(busiest(seen))}`;
  if (track.kind !== "stack") return `${head}: ${track.series.map((_, place) => `${seen.rows[place]?.name} ${say(seen.rows[place])}`).join("; ")}`;
  // CPU: all that is not idle; memory: what is used, since cache fills the rest
  if (track.maximumColumn !== undefined) return `${head}: ${track.series[0]?.name} ${say(seen.rows[0])}`;
  return `${head}: ${say(summed(track, seen))}`;
}

/** A stack's top: the sum of its series, with the extremes that the column of the sum has. */
function summed(track: Track, { rows, total }: Seen): Row | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const values = first.values.map((_, i) => track.series.reduce((sum, _series, place) => sum + (rows[place]?.values[i] ?? NaN), 0));
  return { ...first, values, least: total?.least ?? null, most: total?.most ?? null, exact: total?.exact ?? (first.exact && first.most === null) };
}

/** The busiest core at each instant; one that was put to sleep has no samples, the others have. */
function busiest({ rows }: Seen): Row | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const values = first.values.slice();
  for (const row of rows) row.values.forEach((value, i) => !Number.isNaN(value) && !(value <= (values[i] as number)) && (values[i] = value));
  return { ...first, values };
}

/** The caption of a process' own figure: its points are at times of their own, Unix seconds. */
export function pointsCaption(
  name: string,
  times: readonly number[],
  values: readonly (number | null)[],
  written: { value: (value: number) => string; at: (seconds: number) => string },
): string {
  const head = `${name}, ${written.at(times[0] ?? 0)} to ${written.at(times.at(-1) ?? 0)}`;
  let [sum, count, most] = [0, 0, -1];
  values.forEach((value, i) => {
    if (value === null) return;
    sum += value;
    count += 1;
    if (most < 0 || value > (values[most] as number)) most = i;
  });
  if (most < 0) return `${head}: ${NO_DATA}`;
  return `${head}: mean ${written.value(sum / count)}, highest ${written.value(values[most] as number)} at ${written.at(times[most] ?? 0)}`;
}
