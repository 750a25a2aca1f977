// From alerts to what is laid over the tracks: which track an alert is about, where it was pending and fired, its limit in
// units of that axis. And from a host's events to the reason of a gap. Pure.

import type { Alert } from "./alerts";
import { signOf } from "./alertwords";
import { titleOf } from "./hostalerts";
import type { HostEvent } from "./host";
import type { Gap } from "./pixels";
import type { Region } from "./regions";

const RECORDED = /(?<![\w:"'])[A-Za-z_]\w*:[\w:]+/g;
/** Rules that record what rules record: so deep, and no deeper. */
const DEEPEST = 4;
const MOST_CHARACTERS = 100_000;

/** The names in an expression that rules record: only those have a colon. */
export const recordedIn = (expression: string): string[] => [...new Set(expression.match(RECORDED) ?? [])];

/** An expression with what is recorded under its names in their place, where that is known. */
export function spelledOut(expression: string, recorded: ReadonlyMap<string, string>): string {
  let text = expression;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const next = text.replace(RECORDED, (name) => (recorded.has(name) ? `(${recorded.get(name)})` : name));
    if (next === text || next.length > MOST_CHARACTERS) break;
    text = next;
  }
  return text;
}

/** The first that the rule's expression names says what it is about. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/node_pressure_/, "pressure"],
  [/node_(cpu_seconds|load)/, "cpu"],
  [/node_(memory_Swap|vmstat_pswp)/, "swap"],
  [/node_(memory_|vmstat_oom)/, "memory"],
  [/node_(disk_)/, "disk"],
  [/node_(network_|netstat_|sockstat_|nf_conntrack)/, "network"],
  [/node_(hwmon_temp|thermal_zone)/, "temperature"],
];

const TOUCHES: Record<string, readonly string[]> = {
  cpu: ["core", "pressure"],
  memory: ["swap", "pressure"],
  swap: ["memory", "pressure"],
  disk: ["pressure", "cpu"],
  network: [],
  temperature: ["cpu"],
};

/** The track that an expression is about; null where no track shows it. */
export function causeOf(expression: string): string | null {
  let found: { at: number; track: string } | null = null;
  for (const [pattern, track] of CAUSES) {
    const at = expression.search(pattern);
    if (at >= 0 && (found === null || at < found.at)) found = { at, track };
  }
  return found?.track ?? null;
}

function touchesOf(cause: string, expression: string): readonly string[] {
  if (cause !== "pressure") return TOUCHES[cause] ?? [];
  if (/node_pressure_io/.test(expression)) return ["cpu", "disk"];
  return /node_pressure_memory/.test(expression) ? ["memory", "swap"] : ["cpu", "core"];
}

/** The band of pressure that an expression is about. */
function columnOf(cause: string, expression: string): string | undefined {
  if (cause !== "pressure") return undefined;
  const [, resource, family] = /node_pressure_(io|cpu|memory)_(waiting|stalled)/.exec(expression) ?? [];
  return resource === undefined ? undefined : `pressure.${resource}${family === "stalled" && resource !== "cpu" ? "full" : "some"}`;
}

const PERCENT = new Set(["cpu", "pressure", "core"]);

/** A limit in units of the track's axis: where that is percent, a share of 1 is. Others' units are not the axis'. */
function limitOf(cause: string, limit: number | null, expression: string): number | undefined {
  if (limit === null || !PERCENT.has(cause)) return undefined;
  return limit <= 1 && !/\b100(\.0)?\s*\*|\*\s*100\b/.test(expression) ? 100 * limit : limit;
}

/** The regions of one alert: while it was pending, and while it fired. `recorded` are expressions by the names of rules that record them. */
export function regionsOf(alert: Alert, host: string, recorded: ReadonlyMap<string, string> = new Map()): Region[] {
  const expression = spelledOut(alert.rule.expression, recorded);
  const cause = alert.host === "" || alert.host === host ? causeOf(expression) : null;
  // what is silenced asks for no attention here either
  if (cause === null || alert.part === "silenced") return [];
  const shared = {
    cause,
    touches: touchesOf(cause, expression),
    severity: signOf(alert.severity),
    label: titleOf(alert.title, host),
    href: `/alerts/${alert.id}`,
  };
  const limit = limitOf(cause, alert.rule.limit, expression);
  const column = columnOf(cause, expression);
  const ended = alert.ended === null ? null : 1000 * alert.ended;
  const firedMs = alert.fired === null ? null : 1000 * alert.fired;
  const found: Region[] = [];
  if (alert.began < (alert.fired ?? Infinity)) {
    found.push({ ...shared, id: `${alert.id} pending`, fromMs: 1000 * alert.began, toMs: firedMs ?? ended, state: "pending" });
  }
  if (firedMs === null) return found;
  const state = ended === null ? "firing" : "resolved";
  return [...found, { ...shared, id: `${alert.id} fired`, fromMs: firedMs, toMs: ended, state, ...(limit === undefined ? {} : { limit }), ...(column === undefined ? {} : { column }) }];
}

/** Alerts of two answers, each once: one that ended between them is in both, and as it ended is as it is. */
export const eachOnce = (live: readonly Alert[], ended: readonly Alert[]): Alert[] => [...new Map([...live, ...ended].map((alert) => [alert.id, alert])).values()];

const REASONS: Record<string, string> = {
  boot: "the machine was started",
  start: "Barograph was started again",
};

/** The span without data that came with an event, from the last sample before to the first after. */
const gapOf = (event: HostEvent): Gap => ({ fromMs: 1000 * (event.until - event.missing), toMs: 1000 * event.until });

/** The spans in which the host was not heard. */
export const gapsOf = (events: readonly HostEvent[]): Gap[] => events.filter((event) => event.missing > 0).map(gapOf);

/** Why there was no data: what happened to the host then. */
export function gapReason(events: readonly HostEvent[], gap: Gap): string | null {
  const within = (found: Gap) => found.fromMs < gap.toMs && found.toMs > gap.fromMs;
  const told = events.find((event) => event.missing > 0 && REASONS[event.kind] !== undefined && within(gapOf(event)));
  return told === undefined ? null : (REASONS[told.kind] ?? null);
}
