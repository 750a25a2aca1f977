// The rows of the list: three headed parts, equal alerts folded into one row. Pure.

import { onHost } from "./alertwords";
import type { Alert, Part } from "./alerts";
import { whole } from "./numbers";

export interface AlertRow {
  key: string;
  /** The first stands for all. */
  alerts: readonly Alert[];
  title: string;
  cause: string;
}

export interface Section {
  part: Part;
  name: string;
  rows: AlertRow[];
  /** How many alerts, folded ones counted each. */
  count: number;
}

const SECTIONS: readonly [Part, string][] = [
  ["needs", "Needs someone"],
  ["acknowledged", "Acknowledged"],
  ["silenced", "Silenced"],
  ["pending", "Pending"],
];

/** From so many on equal alerts are one row. */
const FOLDED_FROM = 3;

const foldKey = (alert: Alert): string => [alert.rule.file, alert.rule.group, alert.rule.name, alert.severity, alert.acknowledgment?.reason ?? ""].join("\u0000");

function causeOf(alert: Alert): string {
  if (alert.description !== "") return alert.description.split("\n")[0] ?? "";
  const shown = Object.entries(alert.labels).filter(([name]) => !["alertname", "instance", "job", "severity"].includes(name));
  return shown.map(([name, value]) => `${name} ${value}`).join(", ");
}

function one(alert: Alert): AlertRow {
  return { key: String(alert.id), alerts: [alert], title: alert.title, cause: causeOf(alert) };
}

function folded(alerts: readonly Alert[]): AlertRow {
  const first = alerts[0] as Alert;
  const hosts = new Set(alerts.map((alert) => alert.host));
  const where = hosts.size > 1 ? `on ${whole(hosts.size)} hosts` : `${whole(alerts.length)} times${first.host === "" ? "" : ` on ${first.host}`}`;
  const same = alerts.every((alert) => alert.title === first.title);
  return { key: `fold ${foldKey(first)}`, alerts, title: `${same ? first.title : first.name || onHost(first)} ${where}`, cause: causeOf(first) };
}

/** The sections that have rows, in order; inside, the order of the server: severity, then newest. */
export function sections(alerts: readonly Alert[], unfolded: ReadonlySet<string>): Section[] {
  return SECTIONS.flatMap(([part, name]) => {
    const mine = alerts.filter((alert) => alert.part === part);
    if (mine.length === 0) return [];
    const equal = new Map<string, Alert[]>();
    for (const alert of mine) equal.set(foldKey(alert), [...(equal.get(foldKey(alert)) ?? []), alert]);
    const rows = [...equal.values()].flatMap((group) => {
      if (group.length < FOLDED_FROM) return group.map((alert) => ({ first: alert.id, rows: [one(alert)] }));
      const row = folded(group);
      return [{ first: group[0]?.id ?? 0, rows: unfolded.has(row.key) ? [row, ...group.map(one)] : [row] }];
    });
    // a fold stands where its first alert stood
    const order = new Map(mine.map((alert, place) => [alert.id, place]));
    rows.sort((a, b) => (order.get(a.first) ?? 0) - (order.get(b.first) ?? 0));
    return [{ part, name, rows: rows.flatMap((each) => each.rows), count: mine.length }];
  });
}

/** The alerts that are selected, each once: a fold has those of its rows too. Who has got somebody meanwhile, or is over, is none. */
export function chosenOf(rows: readonly AlertRow[], selected: ReadonlySet<number>): Alert[] {
  const found = rows.flatMap((row) => row.alerts).filter((alert) => alert.part === "needs" && selected.has(alert.id));
  return [...new Map(found.map((alert) => [alert.id, alert])).values()];
}

/** Matchers that match an alert and what is like it on the same host. */
export function matchersOf(alert: Pick<Alert, "labels">): string[] {
  const names = ["alertname", "instance", ...Object.keys(alert.labels).filter((name) => !["alertname", "instance", "severity"].includes(name)).sort()];
  return names.filter((name) => alert.labels[name] !== undefined).map((name) => `${name}=${JSON.stringify(alert.labels[name])}`);
}
