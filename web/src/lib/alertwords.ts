// What the Alerts pages say. Pure; a test a sentence.

import type { Alert, AlertList, Firing, Transition } from "./alerts";
import { duration, figure, whole } from "./numbers";

const NBSP = "\u00a0";
const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];

/** How times are written here: `clock` of today, with the day of another. */
export type Say = (seconds: number) => string;

const counted = (count: number): string => NUMBERS[count] ?? whole(count);
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The title of the page: `Two alerts need someone`. */
export function title(needs: number): string {
  if (needs === 0) return "No alert needs anyone";
  return `${counted(needs)} alert${needs === 1 ? " needs" : "s need"} someone`;
}

/** The title of what is called `title` and concerns `host`. */
export function onHost(alert: Pick<Alert, "title" | "host">): string {
  return alert.host === "" || alert.title.includes(alert.host) ? alert.title : `${alert.title} on ${alert.host}`;
}

export const severityWord = (severity: string): string => (severity === "" ? "No severity" : severity.charAt(0).toUpperCase() + severity.slice(1));

export type Sign = "critical" | "warning" | "info";

/** Which shape and colour a severity has. */
export function signOf(severity: string): Sign {
  const word = severity.toLowerCase();
  if (["critical", "error", "emergency", "page"].includes(word)) return "critical";
  return ["info", "none", "", "ticket"].includes(word) ? "info" : "warning";
}

export const sinceText = (alert: Alert, nowS: number): string => duration(Math.max(0, Math.floor((alert.ended ?? nowS) - (alert.fired ?? alert.began))) * 1000) || `0${NBSP}s`;

/** The sentence below the title. */
export function lead(list: AlertList, nowS: number, lastResolved: string | null): string {
  const { counts } = list;
  const parts: string[] = [];
  const worst = list.alerts.find((alert) => alert.part === "needs");
  if (worst !== undefined) parts.push(`${counts.needs === 1 ? "It" : "The worst"} is ${onHost(worst)}, for ${sinceText(worst, nowS)}.`);
  const others: string[] = [];
  if (counts.acknowledged > 0) others.push(`${counted(counts.acknowledged)}${worst === undefined ? "" : " more"} ${counts.acknowledged === 1 ? "is" : "are"} acknowledged`);
  if (counts.silenced > 0) others.push(`${counted(counts.silenced)} ${counts.silenced === 1 ? "is" : "are"} silenced`);
  if (counts.pending > 0) others.push(`${counted(counts.pending)} ${counts.pending === 1 ? "is" : "are"} pending`);
  if (others.length > 0) parts.push(`${[others[0], ...others.slice(1).map(lower)].join(", ")}.`);
  if (parts.length === 0) parts.push(empty(lastResolved));
  return parts.join(" ");
}

/** An empty list, in one line. */
export const empty = (lastResolved: string | null): string =>
  lastResolved === null ? "No alert is open." : `No alert is open. The last one was resolved at ${lastResolved}.`;

/** A value as people read it. The rule's annotations may say it better; this is for the column. */
export function valueText(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "no data";
  const size = Math.abs(value);
  const large = size >= 1e9 ? ([1e9, "G"] as const) : size >= 1e6 ? ([1e6, "M"] as const) : size >= 1e4 ? ([1e3, "k"] as const) : null;
  if (large !== null) return `${figure(value / large[0])}${NBSP}${large[1]}`;
  if (size !== 0 && size < 0.1) return String(Number(value.toPrecision(2))).replace("-", "\u2212");
  return Number.isInteger(value) ? whole(value) : figure(value);
}

export const limitText = (limit: number | null, isAbove: boolean): string => (limit === null ? "" : `limit ${isAbove ? "" : "below "}${valueText(limit)}`);

/** The state in words: what was done and until when. */
export function stateText(alert: Alert, say: Say): string {
  const held = alert.acknowledgment;
  const quoted = (reason: string) => (reason === "" ? "" : `: “${reason}”`);
  const assigned = alert.assignee === "" ? "" : `, ${alert.assignee} has it`;
  if (alert.state === "resolved") return `Resolved at ${say(alert.ended ?? 0)}`;
  if (alert.state === "dropped") return "Ended before it fired";
  if (alert.state === "pending") return "Pending";
  if (held !== null) return `${held.until === null ? "Until it is fixed" : `Until ${say(held.until)}`}${quoted(held.reason)}, ${held.by}${alert.assignee === "" || alert.assignee === held.by ? "" : assigned}`;
  if (alert.silenced_by.length > 0) return `Silenced${assigned}`;
  if (alert.inhibited_by !== null) return `Quiet while alert ${alert.inhibited_by} fires${assigned}`;
  return `Firing. ${toldText(alert)}${assigned === "" ? "" : ` ${alert.assignee} has it.`}`;
}

function toldText(alert: Alert): string {
  const names = [...new Set(alert.told.map((told) => told.receiver))];
  if (names.length === 0) return "Nobody was told.";
  if (names.length > 3) return `Sent to ${names.slice(0, 2).join(", ")} and ${names.length - 2} more.`;
  return `Sent to ${names.length < 2 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`}.`;
}

/** The sentence of one alert. */
export function sentenceOf(alert: Alert, suspect: string | null, nowS: number): string {
  const { limit, is_above: isAbove } = alert.rule;
  const long = sinceText(alert, nowS);
  const value = alert.value === null ? "" : valueText(alert.value);
  const compared = limit === null || value === "" ? "" : `The value is ${value}; the limit is ${isAbove ? "" : "at least "}${valueText(limit)}.`;
  const text = alert.description !== "" && alert.description.length <= 200 && !alert.description.includes("\n") ? alert.description : compared;
  const lived = alert.ended === null ? "" : ` It lasted ${long}.`;
  return `${text}${suspect === null ? "" : ` ${suspect}`}${lived}`.trim();
}

const RISEN: Record<string, string> = { critical: "critical", warning: "a warning" };

/** A row of the timeline: its words, and what stands beside them. */
export function happened(transition: Transition): { text: string; more: string } {
  const { kind, actor, text, severity } = transition;
  const by = actor === "" ? "" : ` by ${actor}`;
  const quoted = text === "" ? "" : `“${text}”`;
  switch (kind) {
    case "pending":
      return { text: "Pending: over the limit, not yet for long enough", more: severity };
    case "fired":
      return { text: "Fired", more: severity };
    case "rose":
      return { text: `Got worse: it is ${RISEN[severity] ?? severity} now`, more: severity };
    case "fell":
      return { text: `Got better: it is ${RISEN[severity] ?? severity} now`, more: severity };
    case "acknowledged":
      return { text: `Acknowledged${by}`, more: quoted };
    case "ack_broken":
      return { text: "The acknowledgment ended, because it got worse", more: "" };
    case "ack_expired":
      return { text: "The acknowledgment's time is over", more: "" };
    case "ack_withdrawn":
      return { text: `Acknowledgment taken back${by}`, more: "" };
    case "assigned":
      return { text: text === "" ? `Assigned to nobody${by}` : `Assigned to ${text}${by}`, more: "" };
    case "commented":
      return { text: `${actor || "Somebody"} wrote: ${quoted}`, more: "" };
    case "resolved":
      return { text: "Resolved", more: "" };
    case "dropped":
      return { text: "Ended before it fired", more: "" };
    default:
      return { text: kind.replaceAll("_", " "), more: text };
  }
}

const TOLD: Record<string, string> = {
  firing: "Sent",
  repeat: "Sent again",
  worse: "Sent that it got worse",
  acknowledged: "Sent that it is acknowledged",
  resolved: "Sent that it is resolved",
};

/** An attempt to tell somebody. */
export function delivered(delivery: { kind: string; receiver: string; state: string; attempts: number; answer: string; next: number | null }, say: Say): { text: string; more: string } {
  const what = TOLD[delivery.kind] ?? "Sent";
  if (delivery.state === "delivered") return { text: `${what} to ${delivery.receiver}`, more: delivery.attempts > 1 ? `at the ${ordinal(delivery.attempts)} attempt` : "" };
  if (delivery.state === "failed") return { text: `Could not be sent to ${delivery.receiver}`, more: delivery.answer };
  const again = delivery.next === null ? "will be tried again" : `next at ${say(delivery.next)}`;
  return { text: `Not sent to ${delivery.receiver} yet, ${again}`, more: delivery.answer };
}

export function ordinal(count: number): string {
  const tens = count % 100;
  const end = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th");
  return `${count}${end}`;
}

/** `Last 30 days: fired 6 times, median 4 min 10 s`. */
export function firingsText(firings: readonly Firing[], nowS: number): string {
  if (firings.length === 0) return "Last 30 days: it did not fire";
  const lengths = firings.map((firing) => (firing.end ?? nowS) - firing.start).sort((a, b) => a - b);
  const median = lengths[Math.floor((lengths.length - 1) / 2)] ?? 0;
  const times = firings.length === 1 ? "once" : firings.length === 2 ? "twice" : `${firings.length} times`;
  return `Last 30 days: fired ${times}, ${firings.length === 1 ? "for" : "median"} ${duration(Math.round(median) * 1000)}`;
}

export interface DayBar {
  /** Seconds fired that day. */
  seconds: number;
  sign: Sign | null;
  dayStartS: number;
}

const RANK: readonly (Sign | null)[] = [null, "info", "warning", "critical"];

/** A bar a day, oldest first: how long it fired and how bad it was. */
export function dayBars(firings: readonly Firing[], nowS: number, days = 30): DayBar[] {
  const day = 86_400;
  const first = nowS - days * day;
  return Array.from({ length: days }, (_, i) => {
    const start = first + i * day;
    const end = start + day;
    let seconds = 0;
    let sign: Sign | null = null;
    for (const firing of firings) {
      const part = Math.min(end, firing.end ?? nowS) - Math.max(start, firing.start);
      if (part <= 0) continue;
      seconds += part;
      const its = signOf(firing.severity);
      if (RANK.indexOf(its) > RANK.indexOf(sign)) sign = its;
    }
    return { seconds, sign, dayStartS: start };
  });
}

/** What the region for announcements says of what is new or has become worse; null for nothing. */
export function announcement(before: readonly Alert[] | null, now: readonly Alert[]): { text: string; sign: Sign } | null {
  if (before === null) return null;
  const rank = (alert: Alert) => RANK.indexOf(signOf(alert.severity));
  const known = new Map(before.filter((alert) => alert.part === "needs").map((alert) => [alert.id, rank(alert)]));
  const told = now.filter((alert) => alert.part === "needs" && rank(alert) > (known.get(alert.id) ?? -Infinity));
  const first = told[0];
  if (first === undefined) return null;
  const sign = told.some((alert) => signOf(alert.severity) === "critical") ? "critical" : signOf(first.severity);
  if (told.length === 1) return { text: `${severityWord(first.severity)}: ${onHost(first)}.`, sign };
  const what = told.some((alert) => known.has(alert.id)) ? "alerts are new or worse" : "new alerts";
  return { text: `${counted(told.length)} ${what}. The worst: ${onHost(first)}.`, sign };
}
