// A chart as a table, and as CSV: what is seen, in figures. Pure.

import type { Asking, Question } from "./asking";
import { NO_DATA, durationInWords, figure } from "./numbers";
import type { Summary } from "./pixels";
import { type Row, type Seen, summaryOf } from "./seen";
import type { Track } from "./tracks";

export interface StatisticsRow {
  name: string;
  /** What its figures are figures of, where that is not the samples; "" where it is. */
  of: string;
  summary: Summary | null;
}

/** `of means of 1 minute`: what the extremes of a row are not, where they are not those of the samples. */
export const meansOf = (row: Row, stepMs: number): string => (row.exact ? "" : `of means of ${durationInWords(stepMs)}`);

/** Minimum, mean, 95th percentile, maximum and last of each series that has samples. */
export function statistics({ rows, startMs, stepMs }: Seen): StatisticsRow[] {
  return rows.map((row) => ({ name: row.name, of: meansOf(row, stepMs), summary: summaryOf(row, startMs, stepMs) }));
}

export interface TimeRow {
  ms: number;
  /** Mean, least and most of the samples of a row of the table; null without any. */
  cells: (Pick<Summary, "mean" | "least" | "highest"> | null)[];
}

/** At most `most` rows, newest first, each over as many samples. */
export function timeTable({ rows, startMs, stepMs }: Seen, most: number): TimeRow[] {
  const length = rows[0]?.values.length ?? 0;
  const per = Math.max(1, Math.ceil(length / most));
  const found: TimeRow[] = [];
  for (let to = length; to > 0; to -= per) {
    const from = Math.max(0, to - per);
    found.push({ ms: startMs + (to - 1) * stepMs, cells: rows.map((row) => summaryOf(row, 0, stepMs, from, to)) });
  }
  return found;
}

/** A figure of a series as its track writes it; those of the legend alone have units of their own. */
export function written(track: Track, place: number, value: number | undefined, factor: number): string {
  if (value === undefined || Number.isNaN(value)) return NO_DATA;
  if (track.kind !== "heat" && place >= track.series.length) return figure(value);
  return track.write(value / factor);
}

/** A field that no program takes for two, nor a spreadsheet for a formula. */
function field(text: string): string {
  const plain = /^[=+@\t-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** What is seen: RFC 3339 times and base units, an empty field where there is no data. */
export function csv({ rows, startMs, stepMs }: Seen): string {
  const length = rows[0]?.values.length ?? 0;
  const lines = [["time", ...rows.map((row) => row.column)].map(field).join(",")];
  for (let i = 0; i < length; i++) {
    const cells = rows.map(({ values }) => (Number.isNaN(values[i] as number) ? "" : String(values[i])));
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
