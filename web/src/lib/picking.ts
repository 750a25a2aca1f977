// A range that a person picks, in words or by two fields of a calendar: the span, or why it cannot be shown. Pure.

import { duration } from "./numbers";
import { LONGEST_MS, SHORTEST_MS } from "./steps";
import { type Span, readInstant, readSpan } from "./timewords";

/** A span that can be shown, or in words why not. */
export type Picked = Span | string;

export const EXAMPLES = "last 3 days, yesterday 3:20 to 4:00, since 9:00";

/** An instant as a field of a calendar holds it: `2026-11-23T14:03:22`. */
export function fieldOf(ms: number, zone: string): string {
  const options = { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  // Sweden writes dates as fields do
  return new Intl.DateTimeFormat("sv-SE", options).format(ms).replace(" ", "T");
}

function bounded(span: Span): Picked {
  const lengthMs = span.kind === "live" ? span.rangeMs : span.toMs - span.fromMs;
  if (lengthMs < SHORTEST_MS) return `That is ${duration(lengthMs)}; the shortest view is ${duration(SHORTEST_MS)}.`;
  if (lengthMs > LONGEST_MS) return `That is ${duration(lengthMs)}; the longest view is ${duration(LONGEST_MS)}.`;
  return span;
}

/** What words say. */
export function pickWords(text: string, nowMs: number, zone: string): Picked {
  const span = readSpan(text, nowMs, zone);
  return span === null ? `“${text.trim()}” is no range that is over or goes on. Try ${EXAMPLES}.` : bounded(span);
}

/** What two fields say; without an end it is now. */
export function pickFields(from: string, to: string, nowMs: number, zone: string): Picked {
  if (from === "") return "Say from when.";
  const fromMs = readInstant(from, nowMs, zone);
  if (fromMs === null) return "The beginning is yet to come.";
  // an end that is yet to come is now
  const toMs = to === "" ? nowMs : (readInstant(to, nowMs, zone) ?? nowMs);
  if (toMs <= fromMs) return "The end is not after the beginning.";
  return bounded({ kind: "held", fromMs, toMs });
}
