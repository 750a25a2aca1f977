// Who did it: the processes of a second, as the side column lists them. Pure.
// A process counts by the larger of its parts of CPU and of I/O, so that a writer that uses no CPU is not missed.

import { ioOf } from "./flightlog";
import { type Unit, byteRateUnit, capacityUnit } from "./numbers";
import type { ProcessRow } from "./host";

export interface WhoLine {
  key: string;
  name: string;
  /** What it belongs to: its unit, container or user; "" where that says nothing. */
  about: string;
  /** All that is known, for the title. */
  title: string;
  /** Percent of one core. */
  cpu: number | null;
  rss: number | null;
  /** Bytes a second, read and written. */
  io: number | null;
  /** Its part of all, 0 to 1. */
  share: number;
  /** Whether it grew most against a minute before. */
  grew: boolean;
}

/** Less than a core, or 10 MB/s, is no load that is worth a whole bar. */
const LEAST_CORES = 1;
const LEAST_IO = 10_000_000;
/** A growth below this part is none. */
const LEAST_GROWTH = 0.1;
const CONTAINER_CHARACTERS = 12;

const keyOf = (row: ProcessRow): string => `${row.pid} ${row.start}`;

function about(row: ProcessRow): string {
  if (row.container !== "") return row.container.slice(0, CONTAINER_CHARACTERS);
  if (row.unit !== "") {
    const unit = row.unit.replace(/[.](service|scope)$/, "");
    return unit === row.name ? "" : unit;
  }
  return row.user === "root" ? "" : row.user;
}

/** The processes that count most, at most `most`. `before` is the same a minute earlier; null where nothing is recorded. */
export function whoLines(rows: readonly ProcessRow[], before: readonly ProcessRow[] | null, most = 6): WhoLine[] {
  const cores = Math.max(LEAST_CORES, rows.reduce((sum, row) => sum + (row.cpu ?? 0), 0));
  const bytes = Math.max(LEAST_IO, rows.reduce((sum, row) => sum + (ioOf(row) ?? 0), 0));
  const share = (row: ProcessRow) => Math.max((row.cpu ?? 0) / cores, (ioOf(row) ?? 0) / bytes);
  const then = new Map((before ?? []).map((row) => [keyOf(row), row]));
  const growth = (row: ProcessRow) => {
    const was = then.get(keyOf(row));
    return Math.max(((row.cpu ?? 0) - (was?.cpu ?? 0)) / cores, ((ioOf(row) ?? 0) - (was === undefined ? 0 : (ioOf(was) ?? 0))) / bytes);
  };
  const ranked = [...rows].sort((a, b) => share(b) - share(a)).slice(0, most);
  let grown: ProcessRow | null = null;
  if (before !== null) for (const row of ranked) if (growth(row) >= LEAST_GROWTH && (grown === null || growth(row) > growth(grown))) grown = row;
  return ranked.map((row) => ({
    key: keyOf(row),
    name: row.name === "" ? `process ${row.pid}` : row.name,
    about: about(row),
    title: [row.cmd || row.name, `process ${row.pid}, user ${row.user}`, row.unit || row.container].filter((text) => text !== "").join("\n"),
    cpu: row.cpu === null ? null : row.cpu * 100,
    rss: row.rss,
    io: ioOf(row),
    share: Math.min(1, share(row)),
    grew: row === grown,
  }));
}

/** The next unit is taken from so many of it on: one column has one unit, and small ones beside a large one would all read 0.0. */
const MANY = 10;

/** The units of the columns, in mega at least. */
export function unitsOf(lines: readonly Pick<WhoLine, "rss" | "io">[]): { memory: Unit; io: Unit } {
  const most = (of: (line: Pick<WhoLine, "rss" | "io">) => number | null) => Math.max(0, ...lines.map((line) => of(line) ?? 0)) / MANY;
  return { memory: capacityUnit(Math.max(1024 ** 2, most((line) => line.rss))), io: byteRateUnit(Math.max(1_000_000, most((line) => line.io))) };
}

/** A live table may be so old: it is asked for every two seconds. */
const NOW_MS = 8000;

/** Which second the lines of a table are of, as their note says it; null is now. `shownMs` is what is asked for, null live. */
export function noteMs(shownMs: number | null, { ofMs, reason }: { ofMs: number | null; reason: string | null }, newestMs: number): number | null {
  // of a second that could not be read there is nothing but the reason
  if (ofMs === null || reason !== null) return shownMs;
  return shownMs === null && Math.abs(newestMs - ofMs) <= NOW_MS ? null : ofMs;
}
