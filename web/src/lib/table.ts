// A chart as a table, and as CSV: what is seen, in figures. Pure.

import type { Asking, Question } from "./asking";
import { NO_DATA, figure } from "./numbers";
import { type Summary, summarise } from "./pixels";
import { type Track, columnsOf } from "./tracks";

export interface Rows {
  /** A row a column of `columnsOf`, in base units. */
  rows: readonly Float64Array[];
  startMs: number;
  stepMs: number;
}

export interface StatisticsRow {
  name: string;
  summary: Summary | null;
}

const nameOf = (track: Track, place: number): string =>
  [...track.series, ...(track.figures ?? [])][place]?.name.replace(/, (up|down)$/, "") ?? "";

/** Minimum, mean, 95th percentile, maximum and last of each series that has samples. */
export function statistics(track: Track, { rows, startMs, stepMs }: Rows): StatisticsRow[] {
  return rows.map((row, place) => ({ name: nameOf(track, place), summary: summarise(row, startMs, stepMs) }));
}

export interface TimeRow {
  ms: number;
  /** Mean, least and most of the samples of a row of the table; null without any. */
  cells: (Pick<Summary, "mean" | "least" | "highest"> | null)[];
}

/** At most `most` rows, newest first, each over as many samples. */
export function timeTable({ rows, startMs, stepMs }: Rows, most: number): TimeRow[] {
  const length = rows[0]?.length ?? 0;
  const per = Math.max(1, Math.ceil(length / most));
  const found: TimeRow[] = [];
  for (let to = length; to > 0; to -= per) {
    const from = Math.max(0, to - per);
    found.push({ ms: startMs + (to - 1) * stepMs, cells: rows.map((row) => summarise(row.subarray(from, to), 0, stepMs)) });
  }
  return found;
}

/** A figure of a series as its track writes it; those of the legend alone have units of their own. */
export function written(track: Track, place: number, value: number | undefined, factor: number): string {
  if (value === undefined || Number.isNaN(value)) return NO_DATA;
  if (place >= track.series.length) return figure(value);
  return track.write(value / factor);
}

/** A field that no program takes for two, nor a spreadsheet for a formula. */
function field(text: string): string {
  const plain = /^[=+@\t-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** What is seen: RFC 3339 times and base units, an empty field where there is no data. */
export function csv(track: Track, { rows, startMs, stepMs }: Rows): string {
  const length = rows[0]?.length ?? 0;
  const lines = [["time", ...columnsOf(track)].map(field).join(",")];
  for (let i = 0; i < length; i++) {
    const cells = rows.map((row) => (Number.isNaN(row[i] as number) ? "" : String(row[i])));
    lines.push([new Date(startMs + i * stepMs).toISOString().replace(".000Z", "Z"), ...cells].join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** What a track asks the store, as it can be asked again. */
export function queriesOf(track: Track, questions: readonly Question[], ask: Asking): string[] {
  const id = track.id.split("/")[0];
  return questions.filter((question) => question.track === id).map((question) => question.promql(ask));
}

/** `atlas-cpu-20260301T140300Z.csv`: no character that a file system minds. */
export const fileName = (host: string, track: string, toMs: number, ending: string): string =>
  `${host}-${track}-${new Date(toMs).toISOString().replaceAll(/[-:]|\.\d+/g, "")}`.replaceAll(/[^\w.-]+/g, "_") + `.${ending}`;
