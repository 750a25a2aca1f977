// The legend of a track at one instant: names, marks and figures, in stacking order or by value. Pure.

import { type HeatRow, coreFigures } from "./heat";
import { NO_DATA, figure } from "./numbers";
import type { Track } from "./tracks";

export interface Entry {
  key: string;
  /** The column that a click isolates; null where there is none. */
  column: string | null;
  name: string;
  /** The token of its colour. */
  color: string;
  /** How it is drawn: a field, a line, or not at all but when alone. */
  mark: "field" | "pale" | "line" | "dashed" | "dotted";
  text: string;
}

export interface Reading {
  value: (column: string) => number;
  factor: number;
  /** By value instead of in stacking order. */
  sorted: boolean;
  cores: readonly HeatRow[];
  /** Whether the view is still being read: what has no value yet is not said to have none. */
  unread?: boolean;
}

const KEYS = ["busiest", "median", "spread"] as const;
const CORE_COLORS = ["seq-7", "seq-5", "seq-3"] as const;

const absent = (reading: Reading): string => (reading.unread === true ? "" : NO_DATA);

function cores(track: Track, reading: Reading): Entry[] {
  const values = reading.cores.map((row) => ({ name: row.name, value: row.columns.map((column) => reading.value(column)).reduce((most, value) => (Number.isNaN(value) || value <= most ? most : value), NaN) }));
  const found = coreFigures(values);
  // the busiest of groups is one of them; what is said of all is said of cores
  const each = coreFigures(reading.cores.flatMap((row) => row.columns.map((column) => ({ name: "", value: reading.value(column) }))));
  const text = (value: number | undefined) => (value === undefined ? absent(reading) : track.write(Math.max(0, value)));
  const grouped = reading.cores.some((row) => row.columns.length > 1);
  const names = [found === null ? "busiest" : `busiest ${grouped ? "cores" : "core"} ${found.busiest}`, "median", "spread"];
  return [found?.most, each?.median, each?.spread].map((value, i) => ({
    key: KEYS[i] ?? "",
    column: null,
    name: names[i] ?? "",
    color: CORE_COLORS[i] ?? "seq-7",
    mark: "field",
    text: text(value),
  }));
}

/** What the legend says. */
export function legendOf(track: Track, reading: Reading): Entry[] {
  if (track.kind === "heat") return cores(track, reading);
  const drawn = track.series.map((series) => {
    const value = reading.value(series.column);
    const mark: Entry["mark"] = series.fill === 0 ? "line" : series.fill < 0.32 && track.kind === "bands" ? "pale" : "field";
    const text = Number.isNaN(value) ? absent(reading) : track.write(track.minimum === undefined ? Math.max(0, value) / reading.factor : value);
    return { value, entry: { key: series.column, column: series.column, name: series.name, color: series.color, mark, text } };
  });
  if (reading.sorted) drawn.sort((a, b) => (Number.isNaN(b.value) ? -1 : b.value) - (Number.isNaN(a.value) ? -1 : a.value));
  const figures = (track.figures ?? []).map((one, i): Entry => {
    const value = reading.value(one.column);
    return {
      key: one.column,
      column: one.column,
      name: one.name,
      color: i === 0 ? "c7" : "text-3",
      mark: i === 0 ? "dashed" : "dotted",
      text: Number.isNaN(value) ? absent(reading) : figure(Math.max(0, value)),
    };
  });
  return [...drawn.map((one) => one.entry), ...figures];
}

/** How high a row of a legend of so many may be in a track of this height. */
export const rowHeight = (trackPx: number, rows: number): number => Math.max(15, Math.min(20, Math.floor((trackPx - 33) / Math.max(1, rows))));
