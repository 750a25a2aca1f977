// Services and containers of a host, from its control groups and from systemd where these are collected. Pure but for
// its questions' text.

import { type Valued, of } from "./host";

const WINDOW = "30s";
const GROUPS = 'id=~".*[.]service(/.*)?|.*(docker|libpod|crio|containerd|kubepods).*"';

/** CPU (cores), memory (bytes), state and start of each, told apart by the label `what`. */
export function servicesExpression(host: string): string {
  const named = (what: string, promql: string) => `label_replace(${promql}, "what", "${what}", "", "")`;
  return [
    named("cpu", `sum by (id, name) (rate(container_cpu_usage_seconds_total${of(host, GROUPS)}[${WINDOW}]))`),
    named("memory", `sum by (id, name) (container_memory_working_set_bytes${of(host, GROUPS)})`),
    named("state", `node_systemd_unit_state${of(host, 'name=~".+[.]service"')} == 1`),
    named("start", `node_systemd_unit_start_time_seconds${of(host, 'name=~".+[.]service"')} > 0`),
  ].join(" or ");
}

/** CPU of some of them over a view, for their sparklines. */
export function traceExpression(host: string, ids: readonly string[], stepMs: number): string {
  const windowS = Math.max(30, Math.ceil(stepMs / 1000));
  const one = (id: string) =>
    `sum by (id) (rate(container_cpu_usage_seconds_total${of(host, `id=${JSON.stringify(id)}`)}[${windowS}s]))`;
  return ids.map(one).join(" or ");
}

export interface Service {
  id: string;
  name: string;
  /** Every control group of that name: a unit of the system and one of a user, say. Its figures are theirs together. */
  ids: string[];
  /** Percent of one core; null where it is not counted. */
  cpu: number | null;
  memoryBytes: number | null;
  /** systemd's word; "" where it has none. */
  state: string;
  startMs: number | null;
}

const UNIT = /([^/]+[.]service)$/;
const CONTAINER = /(?:^|[/-])([0-9a-f]{64})(?:[.]scope)?$/;

function nameOf(labels: Record<string, string>): string | null {
  if (labels["name"]) return labels["name"];
  const id = labels["id"] ?? "";
  // systemd escapes what a path may not have: \x2d is a hyphen
  const unit = UNIT.exec(id)?.[1]?.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return unit ?? CONTAINER.exec(id)?.[1]?.slice(0, 12) ?? null;
}

/** Traces on one grid as one: their sum where any is known. */
export function summed(traces: readonly Float64Array[]): Float64Array | null {
  const first = traces[0];
  if (first === undefined || traces.length === 1) return first ?? null;
  return first.map((_, place) => traces.reduce((sum, trace) => (Number.isNaN(trace[place]) ? sum : (sum || 0) + (trace[place] ?? 0)), NaN));
}

/** The busiest first; those that failed before all. */
export function servicesOf(found: readonly Valued[], most = 8): Service[] {
  const byName = new Map<string, Service>();
  const get = (name: string, id = ""): Service => {
    const known = byName.get(name) ?? { id, name, ids: [], cpu: null, memoryBytes: null, state: "", startMs: null };
    byName.set(name, known);
    return known;
  };
  for (const { labels, value } of found) {
    const what = labels["what"];
    if (what !== "cpu" && what !== "memory") continue;
    const name = nameOf(labels);
    if (name === null) continue;
    const id = labels["id"] ?? "";
    const service = get(name, id);
    if (!service.ids.includes(id)) service.ids.push(id);
    if (what === "cpu") service.cpu = (service.cpu ?? 0) + 100 * value;
    else service.memoryBytes = (service.memoryBytes ?? 0) + value;
  }
  for (const { labels, value } of found) {
    const name = labels["name"] ?? "";
    const failed = labels["what"] === "state" && labels["state"] === "failed";
    if (!byName.has(name) && !failed) continue;
    if (labels["what"] === "state") get(name).state = labels["state"] ?? "";
    if (labels["what"] === "start") get(name).startMs = value * 1000;
  }
  const grave = (service: Service) => (service.state === "failed" ? 0 : 1);
  return [...byName.values()]
    .sort((a, b) => grave(a) - grave(b) || (b.cpu ?? 0) - (a.cpu ?? 0) || (b.memoryBytes ?? 0) - (a.memoryBytes ?? 0))
    .slice(0, most);
}
