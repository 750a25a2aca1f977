// An alert made of what a track asks: text for the configuration's `thresholds`, to be taken along. Pure.

import { promDuration } from "./asking";
import { roundMaximum } from "./axis";

/** A value asked for, and the limit that the draft gives it. */
export interface Draft {
  promql: string;
  above: number;
}

/** A limit is so much above what is now. */
const ABOVE = 1.5;
const LEAST_LIMIT = 0.001;

/** So many of the newest seconds are looked at, or intervals where these are others. */
const NEWEST = 10;

/** What asks for the highest newest value of a query: a second that was left out has no rate, nor has the one after it. */
export const highestNow = (promql: string, intervalMs: number): string =>
  `max(last_over_time((${promql})[${promDuration(NEWEST * intervalMs)}:${promDuration(intervalMs)}]))`;

/** The queries that have data, with limits that what is now does not cross; `now` is each one's value, null without any. */
export function draftsOf(queries: readonly string[], now: readonly (number | null)[]): Draft[] {
  return queries.flatMap((promql, place) => {
    const value = now[place] ?? NaN;
    return Number.isFinite(value) ? [{ promql, above: roundMaximum(ABOVE * value, LEAST_LIMIT) }] : [];
  });
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as alerts have them: `DiskIO`, `PerCore2`; never empty. */
function nameOf(track: string, number: number, all: number): string {
  const words = track.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return `${/^[A-Za-z]/.test(name) ? name : `Track${name}`}High${all > 1 ? number + 1 : ""}`;
}

/** The section, one alert a draft. It is read back as written: nothing of a name or a query can end its quotes. */
export function thresholdsText(track: string, drafts: readonly Draft[]): string {
  const lines = drafts.flatMap(({ promql, above }, number) => [
    `  ${nameOf(track, number, drafts.length)}:`,
    `    expr: ${quoted(promql)}`,
    "    for: 1m",
    `    warning: {above: ${above}}`,
    `    summary: ${quoted(`${track} is at {{ $value | humanize }}`)}`,
  ]);
  return ["thresholds:", ...lines, ""].join("\n");
}
