// The flight recorder's answers: the processes of an instant, and one process over time. Asks; decides nothing.

import { ask } from "./api";
import { selector } from "./asking";

export type GroupBy = "process" | "unit" | "container" | "user";

export const GROUPS: readonly { code: GroupBy; text: string }[] = [
  { code: "process", text: "Process" },
  { code: "unit", text: "Unit" },
  { code: "container", text: "Container" },
  { code: "user", text: "User" },
];

/** What can be measured of a row; null where it was not. */
export interface Measures {
  /** Cores in use. */
  cpu: number | null;
  /** Bytes. */
  rss: number | null;
  /** Bytes a second, from and to storage. */
  read: number | null;
  write: number | null;
  /** Share of the time spent waiting for devices. */
  iowait: number | null;
}

/** What goes through devices, read and written together; null where neither is known. */
export const ioOf = (row: Pick<Measures, "read" | "write">): number | null =>
  row.read === null && row.write === null ? null : (row.read ?? 0) + (row.write ?? 0);

/** How much of a resource somebody takes; what is not known counts as none. */
export const AMOUNTS: Record<"cpu" | "memory" | "io", (row: Pick<Measures, "cpu" | "rss" | "read" | "write">) => number> = {
  cpu: (row) => row.cpu ?? 0,
  memory: (row) => row.rss ?? 0,
  io: (row) => ioOf(row) ?? 0,
};

export interface WhoRow extends Measures {
  pid: number | null;
  /** Unix seconds; of a group, its oldest. */
  start: number | null;
  name: string;
  cmd: string;
  user: string;
  unit: string;
  container: string;
  /** The kernel's letter; "" where the row stands for several. */
  state: string;
  threads: number | null;
  count: number;
  before: Measures | null;
  ended: number | null;
}

export interface Kept {
  /** How many are kept by each measure; 0 where that is not told. */
  top: number;
  retention: string;
}

export interface WhoTable {
  at: number;
  sampled: number;
  interval: number;
  /** The instant compared with; null where nothing is kept of it. */
  against: number | null;
  rows: WhoRow[];
  kept: Kept;
}

export interface Parent {
  pid: number;
  name: string;
}

export interface ProcessHistory {
  times: number[];
  cpu: (number | null)[];
  rss: (number | null)[];
  read: (number | null)[];
  write: (number | null)[];
  pid: number;
  start: number;
  name: string;
  cmd: string;
  user: string;
  unit: string;
  container: string;
  threads: number | null;
  parents: Parent[];
  ended: number | null;
  totals: { cpu: number; read: number | null; write: number | null } | null;
}

export const BEFORE_MS = 60_000;
const PATH = "/api/barograph/v1/processes";

const seconds = (ms: number): string => String(ms / 1000);

/** The table of an instant, beside what was one minute before where that is kept; null where nothing is; raises `Failure`. */
export function readWho(atMs: number, group: GroupBy, signal: AbortSignal): Promise<WhoTable | null> {
  const asked = new URLSearchParams({ at: seconds(atMs), group, against: seconds(atMs - BEFORE_MS), or_null: "true" });
  return ask<WhoTable | null>(`${PATH}?${asked}`, { method: "GET", signal });
}

/** One process around an instant; raises `Failure`. */
export function readHistory(who: Process, fromMs: number, toMs: number, signal: AbortSignal): Promise<ProcessHistory> {
  const asked = new URLSearchParams({ began: String(who.start), start: seconds(fromMs), end: seconds(toMs) });
  return ask<ProcessHistory>(`${PATH}/${who.pid}?${asked}`, { method: "GET", signal });
}

/** How many processes there were at an instant; null where that was not collected. */
export async function readCount(host: string, atMs: number, signal: AbortSignal): Promise<number | null> {
  const body = new URLSearchParams({ query: `node_processes_pids${selector(host)}`, time: seconds(atMs) });
  const found = await ask<{ result: { value: [number, string] }[] }>("/api/v1/query", { method: "POST", body, signal });
  const text = found.result[0]?.value[1];
  return text === undefined ? null : Number(text);
}

/** A process by its number and its start: numbers are used again. */
export interface Process {
  pid: number;
  start: number;
}

/** As it stands in an address: `48213-1795435320.25`. */
export const processCode = (who: Process): string => `${who.pid}-${who.start}`;

export function processOf(code: string): Process | null {
  const found = /^(\d{1,10})-(\d{1,12}(?:\.\d{1,3})?)$/.exec(code);
  return found === null ? null : { pid: Number(found[1]), start: Number(found[2]) };
}
