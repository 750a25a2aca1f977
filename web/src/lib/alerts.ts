// Alerts as the server tells of them, and what people do with them. Asks; decides nothing. Times are Unix seconds.

import { ask } from "./api";
import type { WhoTable } from "./flightlog";

export type Part = "needs" | "acknowledged" | "silenced" | "pending" | "ended";

export interface AlertRule {
  file: string;
  group: string;
  name: string;
  line: number;
  expression: string;
  limit: number | null;
  is_above: boolean;
}

/** What rules record: expressions by the names that they are recorded under. */
export async function readRecorded(signal?: AbortSignal): Promise<Map<string, string>> {
  type Answer = { groups: { rules: { name: string; query: string }[] }[] };
  const { groups } = await ask<Answer>("/api/v1/rules?type=record", { method: "GET", ...(signal === undefined ? {} : { signal }) });
  return new Map(groups.flatMap((group) => group.rules.map(({ name, query }) => [name, query] as const)));
}

export interface Acknowledgment {
  by: string;
  at: number;
  reason: string;
  until: number | null;
  sticky: boolean;
}

export interface Alert {
  id: number;
  name: string;
  title: string;
  description: string;
  runbook: string;
  severity: string;
  state: "pending" | "firing" | "acknowledged" | "resolved" | "dropped";
  part: Part;
  host: string;
  since: number;
  began: number;
  fired: number | null;
  ended: number | null;
  value: number | null;
  rule: AlertRule;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  assignee: string;
  acknowledgment: Acknowledgment | null;
  silenced_by: string[];
  inhibited_by: number | null;
  told: { receiver: string; what: string; at: number }[];
}

export interface Counts {
  needs: number;
  acknowledged: number;
  silenced: number;
  pending: number;
  worst: string;
}

/** How alerts stand; `version` rises with each change. */
export interface AlertsNow {
  version: number;
  counts: Counts;
}

export interface AlertList {
  alerts: Alert[];
  total: number;
  counts: Counts;
  nobody_told: boolean;
}

export interface Transition {
  number: number;
  alert: number;
  title: string;
  at: number;
  kind: string;
  severity: string;
  actor: string;
  text: string;
}

export interface Delivery {
  number: number;
  receiver: string;
  kind: string;
  title: string;
  alerts: number[];
  alert_count: number;
  at: number;
  state: "waiting" | "delivered" | "failed";
  attempts: number;
  next: number | null;
  answer: string;
}

export interface Firing {
  id: number;
  start: number;
  end: number | null;
  severity: string;
}

export interface AlertDetail {
  alert: Alert;
  timeline: Transition[];
  deliveries: Delivery[];
  processes: { tables: Record<string, WhoTable> } | null;
  firings: Firing[];
}

export interface Times {
  count: number;
  mean: number | null;
  longest: number | null;
}

export interface AlertHistory {
  transitions: Transition[];
  next: number | null;
  counts: Record<string, number>;
  acknowledge: Times;
  resolve: Times;
}

export interface Silence {
  id: string;
  matchers: string[];
  author: string;
  reason: string;
  starts: number;
  ends: number | null;
  until_resolved: boolean;
  windows: string;
  state: "waiting" | "active" | "expired";
  ended_by: string;
  alerts: number;
}

export interface Receiver {
  name: string;
  kinds: string[];
  is_routed: boolean;
  waiting: number;
  answer: string;
  at: number | null;
}

const OWN = "/api/barograph/v1";

const get = <T>(path: string, signal: AbortSignal | null = null): Promise<T> => ask<T>(`${OWN}${path}`, { method: "GET", signal });

function post<T>(path: string, fields: readonly (readonly [string, string])[]): Promise<T> {
  return ask<T>(`${OWN}${path}`, { method: "POST", body: new URLSearchParams(fields.map(([name, value]) => [name, value])) });
}

/** Live alerts, the most urgent first; raises `Failure`, as all that follow. */
export const readAlerts = (limit: number, signal: AbortSignal | null): Promise<AlertList> => get(`/alerts?limit=${limit}`, signal);

export const readAlert = (id: number, signal: AbortSignal | null): Promise<AlertDetail> => get(`/alerts/${id}`, signal);

/** What happened, the newest first: of kinds, since an instant, before a number. */
export function readHistoryOfAlerts(asked: { kinds?: readonly string[]; startS?: number; before?: number; limit?: number }, signal: AbortSignal | null): Promise<AlertHistory> {
  const query = new URLSearchParams((asked.kinds ?? []).map((kind) => ["kind", kind]));
  if (asked.startS !== undefined) query.set("start", String(Math.floor(asked.startS)));
  if (asked.before !== undefined) query.set("before", String(asked.before));
  query.set("limit", String(asked.limit ?? 100));
  return get(`/alerts/history?${query}`, signal);
}

export interface Acknowledging {
  reason: string;
  /** Unix seconds; null until it is resolved. */
  until: number | null;
  /** How long, such as `2h`, from when the server hears of it; none: until then. */
  lasts?: string | null;
  sticky: boolean;
}

export const acknowledge = (ids: readonly number[], what: Acknowledging): Promise<unknown> =>
  post("/alerts/ack", [
    ...ids.map((id) => ["id", String(id)] as const),
    ["reason", what.reason],
    ...(what.until === null ? [] : [["until", what.lasts ?? String(what.until)] as const]),
    ["sticky", String(what.sticky)],
  ]);

export const takeBack = (ids: readonly number[]): Promise<unknown> => post("/alerts/unack", ids.map((id) => ["id", String(id)] as const));

export const assign = (id: number, to: string): Promise<unknown> => post(`/alerts/${id}/assign`, [["to", to]]);

export const comment = (id: number, text: string): Promise<unknown> => post(`/alerts/${id}/comment`, [["text", text]]);

export const readSilences = (ended: boolean, signal: AbortSignal | null): Promise<{ silences: Silence[]; total: number }> =>
  get(`/silences?ended=${ended}&limit=200`, signal);

const matcherFields = (matchers: readonly string[]) => matchers.map((matcher) => ["matcher", matcher] as const);

export const previewSilence = (matchers: readonly string[], signal: AbortSignal | null): Promise<{ count: number; alerts: Alert[] }> =>
  get(`/silences/preview?${new URLSearchParams(matcherFields(matchers).map(([name, value]) => [name, value]))}`, signal);

export interface NewSilence {
  /** Chosen here, so that trying again makes no second one. */
  id: string;
  matchers: readonly string[];
  reason: string;
  /** Unix seconds, or how long from when the server hears of it; null where the others say when it ends. */
  ends: number | string | null;
  untilResolved: boolean;
  /** JSON; "" for none. */
  windows: string;
}

export const addSilence = (silence: NewSilence): Promise<unknown> =>
  post("/silences/add", [
    ["id", silence.id],
    ...matcherFields(silence.matchers),
    ["reason", silence.reason],
    ...(silence.ends === null ? [] : [["ends", String(silence.ends)] as const]),
    ...(silence.untilResolved ? [["until_resolved", "true"] as const] : []),
    ...(silence.windows === "" ? [] : [["windows", silence.windows] as const]),
  ]);

export const endSilence = (id: string): Promise<unknown> => ask(`${OWN}/silences/${encodeURIComponent(id)}`, { method: "DELETE" });

export const readDeliveries = (before: number | null, signal: AbortSignal | null): Promise<{ deliveries: Delivery[]; next: number | null }> =>
  get(`/deliveries?limit=100${before === null ? "" : `&before=${before}`}`, signal);

export const readReceivers = (signal: AbortSignal | null): Promise<{ receivers: Receiver[]; heartbeat: boolean }> => get("/receivers", signal);

export const testReceiver = (name: string): Promise<{ outcomes: { kind: string; delivered: boolean; answer: string }[] }> =>
  post(`/receivers/${encodeURIComponent(name)}/test`, []);

/** Who looks, and what they may do. */
export const readMe = (): Promise<{ name: string; role: string }> => get("/me");
