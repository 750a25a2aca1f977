// The Overview's own questions of a host, beside the recorder's columns: processes of an instant, events, filesystems,
// services, pressure over a day. Each is one request; every failure is a `Failure`, as in `api.ts`.

import { ask } from "./api";

type Labels = Record<string, string>;

export interface Valued {
  labels: Labels;
  value: number;
}

const form = (fields: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) });

/** An instant query, all of its series. */
export async function queryAll(promql: string): Promise<Valued[]> {
  interface Vector {
    result: { metric: Labels; value: [number, string] }[];
  }
  const { result } = await ask<Vector>("/api/v1/query", form({ query: promql }));
  return result.map((series) => ({ labels: series.metric, value: Number(series.value[1]) }));
}

export interface Traced {
  labels: Labels;
  /** [Unix milliseconds, value], in order. */
  points: [number, number][];
}

/** A range query, all of its series; times and step in milliseconds. */
export async function queryOver(promql: string, startMs: number, endMs: number, stepMs: number): Promise<Traced[]> {
  interface Matrix {
    result: { metric: Labels; values: [number, string][] }[];
  }
  const fields = { query: promql, start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
  const { result } = await ask<Matrix>("/api/v1/query_range", form(fields));
  return result.map((series) => ({
    labels: series.metric,
    points: series.values.map(([seconds, text]) => [Math.round(seconds * 1000), Number(text)]),
  }));
}

/** A row of the flight recorder; what was not measured is null. */
export interface ProcessRow {
  pid: number | null;
  start: number | null;
  name: string;
  /** Of viewers the program alone, without its arguments. */
  cmd: string;
  user: string;
  unit: string;
  container: string;
  /** Cores in use. */
  cpu: number | null;
  /** Bytes. */
  rss: number | null;
  /** Bytes a second. */
  read: number | null;
  write: number | null;
  change?: number | null;
}

export interface ProcessTable {
  /** Unix seconds of the sample: the newest that is not after the instant asked for. */
  sampled: number;
  rows: ProcessRow[];
}

/** What the flight recorder has of an instant; null where it has nothing. */
export function processesAt(atMs: number, more: Record<string, string> = {}, signal?: AbortSignal): Promise<ProcessTable | null> {
  const query = new URLSearchParams({ at: String(atMs / 1000), or_null: "true", ...more });
  return ask<ProcessTable | null>(`/api/barograph/v1/processes?${query}`, signal === undefined ? {} : { signal });
}

export interface HostEvent {
  /** Unix seconds. */
  at: number;
  kind: string;
  subject: string;
  /** The seconds without data that came with it. */
  missing: number;
  /** When data came again, Unix seconds; 0 where none was missing. */
  until: number;
  count: number;
}

/** What happened to a host, newest first. */
export async function eventsOf(host: string, startMs: number, endMs: number): Promise<HostEvent[]> {
  const query = new URLSearchParams({ host, start: String(startMs / 1000), end: String(endMs / 1000) });
  return (await ask<{ events: HostEvent[] }>(`/api/barograph/v1/events?${query}`, {})).events;
}

/** The selector of a host's own series, with further matchers. */
export const of = (host: string, ...matchers: string[]): string =>
  `{${[`job="node"`, `instance=${JSON.stringify(host)}`, ...matchers].join(",")}}`;

/** The worst pressure of the three resources, percent; of wide steps the worst minute. */
export function worstPressure(host: string, stepMs: number): string {
  const kinds = ["cpu", "memory", "io"].map(
    (kind) => `label_replace(rate(node_pressure_${kind}_waiting_seconds_total${of(host)}[1m]), "kind", "${kind}", "", "")`,
  );
  const worst = `100 * max(${kinds.join(" or ")})`;
  return stepMs <= 60_000 ? worst : `max_over_time((${worst})[${stepMs / 1000}s:1m])`;
}
