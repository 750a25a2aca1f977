// What happened, in words: one line for each event. Pure.

import type { HostEvent } from "./host";
import { titleOf } from "./hostalerts";
import { duration, whole } from "./numbers";
import type { Recorder } from "./recorder.svelte";

const missed = (seconds: number): string => `${duration(Math.round(seconds) * 1000)} without data`;

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `28 s without data: Barograph restarted`, `shop.service started`. */
export function eventWords(event: HostEvent): string {
  const often = event.count > 1 ? ` ${whole(event.count)} times` : "";
  switch (event.kind) {
    case "boot":
      return event.missing > 0 ? `${upper(missed(event.missing))}: the machine was started` : "The machine was started";
    case "start":
      return event.missing > 0 ? `${upper(missed(event.missing))}: Barograph was started again` : "Barograph was started";
    case "gap":
      return upper(missed(event.missing));
    case "oom":
      return event.count === 1 ? "Out of memory: a process was killed" : `Out of memory: ${whole(event.count)} processes were killed`;
    case "unit_started":
      return `${event.subject} started${often}`;
    case "unit_stopped":
      return `${event.subject} stopped${often}`;
    case "alert_fired":
      return `${event.subject}: fired`;
    case "alert_resolved":
      return `${event.subject}: resolved`;
    case "unit_failed":
      return `${event.subject} failed${often}`;
    default:
      // a newer server's event: its own words are better than none
      return upper([event.subject, event.kind.replaceAll("_", " ")].filter((text) => text !== "").join(" "));
  }
}

/** What happened to alerts, as events of the day. */
export const alertEvents = (transitions: readonly { kind: string; at: number; title: string }[], host: string): HostEvent[] =>
  transitions
    .filter(({ kind }) => kind === "fired" || kind === "resolved")
    .map(({ kind, at, title }) => ({ at, kind: `alert_${kind}`, subject: titleOf(title, host), missing: 0, until: 0, count: 1 }));

/** Whether somebody should look at it. */
export const isGrave = (event: HostEvent): boolean => event.kind === "oom" || event.kind === "unit_failed";

/** The nearest of some instants before (-1) or after (1) another; null where there is none. */
export function neighbour(instants: readonly number[], fromMs: number, by: -1 | 1): number | null {
  const beyond = instants.filter((ms) => (by < 0 ? ms < fromMs : ms > fromMs));
  return beyond.length === 0 ? null : by < 0 ? Math.max(...beyond) : Math.min(...beyond);
}

/** The window that shows an instant, in the middle where there is room. */
export function around(atMs: number, rangeMs: number, newestMs: number): { fromMs: number; toMs: number } {
  const toMs = Math.min(atMs + rangeMs / 2, Math.max(newestMs, atMs));
  return { fromMs: toMs - rangeMs, toMs };
}

const HOUR_MS = 3_600_000;

/** Bring an instant into the middle of the view, an hour at most, and hold it. */
export function showInstant(recorder: Pick<Recorder, "viewRangeMs" | "newestMs" | "showAt" | "holdSecond">, atMs: number): void {
  const window = around(atMs, Math.min(recorder.viewRangeMs, HOUR_MS), recorder.newestMs);
  recorder.showAt(window.fromMs, window.toMs - window.fromMs);
  recorder.holdSecond(atMs);
}
