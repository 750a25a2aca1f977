// Who did it: what of a process changed most against one minute before, in words. Pure; a test a kind of change.

import { NO_DATA, byteRateUnit, capacity, figure, whole } from "./numbers";
import { type GroupBy, type Measures, type WhoRow, type WhoTable, ioOf } from "./flightlog";

export type Kind = "cpu" | "io" | "memory" | "wait";

export interface Change {
  kind: Kind;
  /** In cores, bytes a second, bytes, or as a share of the time. */
  amount: number;
  /** How much that is beside changes of other kinds; below 0 where it fell. */
  score: number;
}

/** So much of each weighs the same: a whole core, 100 MB/s, a gibibyte. Who waits is a victim more often than a culprit. */
const WEIGHT: Record<Kind, number> = { cpu: 1, io: 100e6, memory: 1024 ** 3, wait: 10 };
/** A change below this is none. */
const LEAST: Record<Kind, number> = { cpu: 0.005, io: 50_000, memory: 1024 ** 2, wait: 0.01 };
/** From here on a change is worth a sentence. */
const NOTABLE = 0.05;
/** From here on another one of another kind is worth a word too. */
const ALSO = 0.3;
const MINUS = "\u2212";
const NBSP = "\u00a0";


export const isNew = (row: WhoRow, against: number | null): boolean =>
  against !== null && row.start !== null && row.start > against;

/** Whether it is in the table only since it was there one minute before. */
export const isGone = (row: WhoRow): boolean => row.ended !== null || (row.cpu === null && row.rss === null);

/** What of a row changed most; null where nothing did, or there is nothing to compare with. */
export function changeOf(row: WhoRow, against: number | null): Change | null {
  if (against === null) return null;
  // who was not among the busiest did next to nothing; its memory is known only where it was not there at all
  const none: Measures = { cpu: 0, read: 0, write: 0, iowait: 0, rss: isNew(row, against) ? 0 : null };
  const then = row.before ?? none;
  const now: Measures = isGone(row) ? { ...none, rss: row.ended === null ? null : 0 } : row;
  const pairs: [Kind, number | null, number | null][] = [
    ["io", ioOf(now), ioOf(then)],
    ["cpu", now.cpu, then.cpu],
    ["memory", now.rss, then.rss],
    ["wait", now.iowait, then.iowait],
  ];
  let most: Change | null = null;
  for (const [kind, after, before] of pairs) {
    if (after === null || before === null || Math.abs(after - before) < LEAST[kind]) continue;
    const score = (after - before) / WEIGHT[kind];
    if (most === null || Math.abs(score) > Math.abs(most.score)) most = { kind, amount: after - before, score };
  }
  return most;
}

/** Integers from ten on, one decimal below: `0.4`, `6.0`, `21`, `153`. */
function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : whole(value);
}

function rate(bytes: number): string {
  const unit = byteRateUnit(Math.max(bytes, 1000));
  return `${figure(bytes / unit.factor)}${NBSP}${unit.name}`;
}

/** An amount with its unit: `289 MB/s`, `6.0 % CPU`, `1.2 GiB`, `14 % wait`. */
export function amountText(kind: Kind, size: number): string {
  if (kind === "io") return rate(size);
  if (kind === "memory") return capacity(size);
  return `${short(100 * size)}${NBSP}% ${kind === "cpu" ? "CPU" : "wait"}`;
}

/** The cell of the column Change: `new, +289 MB/s`, `−21 % CPU`, `0`. */
export function changeText(row: WhoRow, against: number | null, clock: (seconds: number) => string): string {
  if (row.ended !== null) return `ended ${clock(row.ended)}`;
  if (against === null) return NO_DATA;
  const change = changeOf(row, against);
  const fresh = isNew(row, against) && row.count === 1;
  if (change === null) return fresh ? "new" : "0";
  const text = `${change.amount < 0 ? MINUS : "+"}${amountText(change.kind, Math.abs(change.amount))}`;
  return fresh ? `new, ${text}` : text;
}

/** What a row is called where it stands for `group`. */
export function nameOf(row: WhoRow, group: GroupBy): string {
  if (group === "process") return row.name || `process ${row.pid}`;
  if (group === "user") return row.user || "unknown user";
  if (group === "container") return row.container === "" ? "outside of containers" : row.container.slice(0, 12);
  return row.unit || "outside of units";
}

/** Who changed most upwards; where nobody rose notably, who fell most. */
export function suspectOf(table: WhoTable): { row: WhoRow; change: Change } | null {
  let found: { row: WhoRow; change: Change } | null = null;
  const rank = (score: number): number => (score >= NOTABLE ? 1000 + score : Math.abs(score));
  for (const row of table.rows) {
    const change = changeOf(row, table.against);
    if (change !== null && (found === null || rank(change.score) > rank(found.change.score))) found = { row, change };
  }
  return found !== null && Math.abs(found.change.score) >= NOTABLE ? found : null;
}

/** The sentence in its two parts, so that the name can stand out. */
export interface Sentence {
  name: string;
  rest: string;
}

const share = (part: number, all: number): string => {
  const percent = all > 0 ? Math.round((100 * part) / all) : 0;
  return percent >= 10 ? `${part < all * 0.995 ? Math.min(99, percent) : 100}${NBSP}%` : "";
};

const total = (rows: readonly WhoRow[], of: (row: WhoRow) => number | null): number =>
  rows.reduce((sum, row) => sum + (of(row) ?? 0), 0);

function doesIo(row: WhoRow, rows: readonly WhoRow[]): string {
  const { read, write } = row;
  const sum = ioOf(row) ?? 0;
  const unit = byteRateUnit(Math.max(read ?? 0, write ?? 0, 1000));
  const in_ = (bytes: number) => figure(bytes / unit.factor);
  const both = (read ?? 0) > sum * 0.02 && (write ?? 0) > sum * 0.02;
  const of = share(sum, total(rows, ioOf));
  const what = both
    ? `reads ${in_(read ?? 0)} and writes ${in_(write ?? 0)}${NBSP}${unit.name}`
    : (read ?? 0) > (write ?? 0)
      ? `reads ${in_(read ?? 0)}${NBSP}${unit.name}`
      : `writes ${in_(write ?? 0)}${NBSP}${unit.name}`;
  return of === "" ? what : `${what}, ${of} of the disk I/O`;
}

function does(kind: Kind, row: WhoRow, rows: readonly WhoRow[]): string {
  if (kind === "io") return doesIo(row, rows);
  if (kind === "memory") return `holds ${capacity(row.rss ?? 0)} of memory`;
  if (kind === "wait") return `waits for the disk ${short(100 * (row.iowait ?? 0))}${NBSP}% of the time`;
  const of = share(row.cpu ?? 0, total(rows, (each) => each.cpu));
  const what = `uses ${short(100 * (row.cpu ?? 0))}${NBSP}% of one core`;
  return of === "" ? what : `${what}, ${of} of what all processes use`;
}

function did(kind: Kind, before: Measures | null): string {
  const value = before === null ? 0 : kind === "io" ? ioOf(before) : kind === "memory" ? before.rss : kind === "cpu" ? before.cpu : before.iowait;
  if (value === null || value < LEAST[kind]) return "One minute before it did next to nothing.";
  if (kind === "cpu") return `One minute before it was ${short(100 * value)}${NBSP}%.`;
  if (kind === "wait") return `One minute before it was ${short(100 * value)}${NBSP}%.`;
  return `One minute before it was ${amountText(kind, value)}.`;
}

/** Who did it and what, against one minute before; `name` is "" where nobody stands out. */
export function sentence(table: WhoTable, group: GroupBy, clock: (seconds: number) => string): Sentence {
  if (table.rows.length === 0) return { name: "", rest: "No process was recorded in this second." };
  if (table.against === null) return { name: "", rest: "Nothing is recorded of one minute before, so nobody can be said to have changed." };
  const found = suspectOf(table);
  if (found === null) return { name: "", rest: calm(table, group) };
  const { row, change } = found;
  const name = nameOf(row, group);
  if (change.score < 0) {
    const was = amountText(change.kind, -change.amount);
    if (row.ended !== null) return { name, rest: `ended at ${clock(row.ended)}. One minute before it had ${was} more.` };
    return { name, rest: `does ${was} less than one minute before. Nobody does notably more.` };
  }
  const now = does(change.kind, row, table.rows);
  const before = isNew(row, table.against) && row.count === 1 ? "One minute before it was not running." : did(change.kind, row.before);
  return { name, rest: `${now}. ${before}${alsoText(table, group, found)}` };
}

/** A disk that is pressed and a processor that is busy may be two stories: the second is told too. */
function alsoText(table: WhoTable, group: GroupBy, first: { row: WhoRow; change: Change }): string {
  let other: { row: WhoRow; change: Change } | null = null;
  for (const row of table.rows) {
    const change = row === first.row ? null : changeOf(row, table.against);
    if (change === null || change.kind === first.change.kind || change.kind === "wait" || change.score < ALSO) continue;
    if (other === null || change.score > other.change.score) other = { row, change };
  }
  return other === null ? "" : ` Also: ${nameOf(other.row, group)}, +${amountText(other.change.kind, other.change.amount)}.`;
}

function calm(table: WhoTable, group: GroupBy): string {
  const busiest = table.rows.reduce((most, row) => ((row.cpu ?? 0) > (most.cpu ?? 0) ? row : most));
  const most = busiest.cpu === null ? "" : ` The busiest is ${nameOf(busiest, group)} with ${short(100 * busiest.cpu)}${NBSP}% of one core.`;
  return `Nobody does much more or less than one minute before.${most}`;
}

/** What is kept, and how many more there were: the foot of the table. */
export function keptText(table: WhoTable, count: number | null): string {
  const { top, retention } = table.kept;
  const who = top > 0 ? `the ${top} busiest of each second by CPU, memory, I/O and page faults` : "the busiest of each second";
  const words: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", y: "year" };
  const days = retention.replace(/^(\d+)w$/, (_, n: string) => `${7 * Number(n)}d`);
  const long = days.replace(/^(\d+)([smhdy])$/, (_, n: string, unit: string) => `${n}${NBSP}${words[unit]}${n === "1" ? "" : "s"}`);
  const kept = `Kept: ${who}, and every start and end${long === "" ? "" : `, for ${long}`}.`;
  const shown = table.rows.filter((row) => !isGone(row)).reduce((sum, row) => sum + row.count, 0);
  const more = count === null ? 0 : count - shown;
  return more > 0 ? `${kept} ${whole(more)} more ran, each less busy than these.` : kept;
}
