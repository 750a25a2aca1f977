// The caption of a figure, for those who hear it: name, range, mean and highest. Pure.

import { NO_DATA, durationInWords } from "./numbers";
import { summarise } from "./pixels";
import type { Track } from "./tracks";

/** `CPU, 15 minutes to 14:10: mean 22.0 %, highest 61.2 % at 14:04`; a mirror says both sides. */
export function caption(
  track: Track,
  rows: readonly Float64Array[],
  span: { startMs: number; stepMs: number; rangeMs: number; to: string },
  written: { factor: number; unitName: string; at: (ms: number) => string },
): string {
  const head = `${track.name}, ${durationInWords(span.rangeMs)} to ${span.to}`;
  const value = (amount: number) => `${track.write(amount / written.factor)}\u00a0${written.unitName}`;
  const say = (row: Float64Array): string => {
    const found = summarise(row, span.startMs, span.stepMs);
    if (found === null) return NO_DATA;
    return `mean ${value(found.mean)}, highest ${value(found.highest)} at ${written.at(found.highestMs)}`;
  };
  if (track.kind === "heat") return `${head}: ${sayCores(rows, say)}`;
  if (track.kind !== "stack") {
    const sides = track.series.map((series, index) => `${series.name.replace(/, (up|down)$/, "")} ${say(rows[index] ?? new Float64Array())}`);
    return `${head}: ${sides.join("; ")}`;
  }
  // CPU: all that is not idle; memory: what is used, since cache fills the rest
  const first = rows[0] ?? new Float64Array();
  if (track.maximumColumn !== undefined) return `${head}: ${track.series[0]?.name} ${say(first)}`;
  const sum = first.map((_, i) => track.series.reduce((total, _series, place) => total + (rows[place]?.[i] ?? NaN), 0));
  return `${head}: ${say(sum)}`;
}

function sayCores(rows: readonly Float64Array[], say: (row: Float64Array) => string): string {
  const first = rows[0] ?? new Float64Array();
  const busiest = first.map((_, i) => rows.reduce((most, row) => Math.max(most, row[i] ?? NaN), 0));
  return `busiest core ${say(busiest)}`;
}
