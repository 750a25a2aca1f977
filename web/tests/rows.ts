// Rows of the flight recorder for tests.

import type { Measures, WhoRow, WhoTable } from "../src/lib/flightlog";

export const AGAINST = 1000;
const none: Measures = { cpu: 0, rss: 0, read: 0, write: 0, iowait: 0 };

export function row(name: string, now: Partial<WhoRow>, before: Partial<Measures> | null = {}): WhoRow {
  return {
    ...none,
    pid: 7,
    start: 500,
    name,
    cmd: "",
    user: "root",
    unit: "",
    container: "",
    state: "S",
    threads: 1,
    count: 1,
    ended: null,
    before: before === null ? null : { ...none, ...before },
    ...now,
  };
}

export function table(...rows: WhoRow[]): WhoTable {
  return { at: 1060, sampled: 1060, interval: 1, against: AGAINST, rows, kept: { top: 10, retention: "7d" } };
}

