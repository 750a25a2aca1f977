// What stands in the heads and cells of the table of processes. Pure.

import { NO_DATA, byteRateUnit, capacity, duration, figure, percent, whole } from "./numbers";
import { isGone } from "./suspect";
import type { GroupBy, WhoRow } from "./flightlog";
import type { ColumnCode } from "./whotable";

export interface Head {
  code: ColumnCode;
  text: string;
  number: boolean;
}

export interface Cell {
  code: ColumnCode;
  /** Its head, where a row is a card. */
  label: string;
  text: string;
}

/** How a table is written: the unit that fits its greatest rates, and whether this kernel counts waits. */
export interface Writing {
  unit: { name: string; factor: number };
  waits: boolean;
}

const GROUPS: Record<GroupBy, string> = { process: "Process", unit: "Unit", container: "Container", user: "User" };
/** A rate below this is nothing beside rates of megabytes. */
const LEAST_RATE = 50_000;

export function writingOf(rows: readonly WhoRow[]): Writing {
  const busiest = rows.reduce((top, row) => Math.max(top, row.read ?? 0, row.write ?? 0), 0);
  return { unit: byteRateUnit(Math.max(1_000_000, busiest / 2)), waits: rows.some((row) => row.iowait !== null) };
}

export function headsOf(group: GroupBy, { unit, waits }: Writing): Head[] {
  return [
    { code: "name", text: GROUPS[group], number: false },
    ...(group === "process" || group === "container" ? [{ code: "unit" as const, text: "Unit", number: false }] : []),
    ...(group === "user" ? [] : [{ code: "user" as const, text: "User", number: false }]),
    { code: "cpu", text: "CPU %", number: true },
    { code: "memory", text: "Memory", number: true },
    { code: "read", text: `Read ${unit.name}`, number: true },
    { code: "write", text: `Write ${unit.name}`, number: true },
    ...(waits ? [{ code: "wait" as const, text: "I/O wait %", number: true }] : []),
    { code: "threads", text: "Threads", number: true },
    { code: "since", text: "Since", number: true },
    { code: "change", text: "Change, 1 min", number: true },
  ];
}

/** The numbers of a row at an instant in seconds; what is gone has none, instead of saying "no data" seven times. */
export function cellsOf(row: WhoRow, at: number, { unit, waits }: Writing): Cell[] {
  const known = (value: number | null, text: (value: number) => string) =>
    value !== null ? text(value) : isGone(row) ? "" : NO_DATA;
  const rate = (value: number) => (value < LEAST_RATE && unit.factor >= 1e6 ? "0" : figure(value / unit.factor));
  const seconds = row.start === null ? null : Math.max(0, Math.floor(at - row.start));
  return [
    { code: "cpu", label: "CPU %", text: known(row.cpu, (value) => (value < 0.0005 ? "0" : percent(100 * value))) },
    { code: "memory", label: "Memory", text: known(row.rss, (value) => (value === 0 ? "0" : capacity(value))) },
    { code: "read", label: `Read ${unit.name}`, text: known(row.read, rate) },
    { code: "write", label: `Write ${unit.name}`, text: known(row.write, rate) },
    ...(waits ? [{ code: "wait" as const, label: "I/O wait", text: known(row.iowait, (value) => (value < 0.005 ? "0" : whole(100 * value))) }] : []),
    { code: "threads", label: "Threads", text: known(row.threads, whole) },
    { code: "since", label: "Runs for", text: seconds === null ? NO_DATA : seconds === 0 ? "0\u00a0s" : duration(seconds * 1000) },
  ];
}

/** Whether a cell says so little that it stands back. */
export const isQuiet = (text: string): boolean => text === "0" || text === "0.0" || text === NO_DATA;
