// What the search field finds. The index is a plain list in the page; searching it is pure and takes well under 50 ms for
// tens of thousands of entries (tests/palette.test.ts counts how many it looks at, benchmarks are the browser's).

import { duration } from "./numbers";
import { pickWords } from "./picking";
import { clock, day } from "./times";
import { type Span, readInstant } from "./timewords";

export const GROUPS = ["Hosts", "Tracks", "Processes", "Alerts", "Actions"] as const;
export type Group = (typeof GROUPS)[number];

export interface Entry {
  group: Group;
  text: string;
  /** What stands beside it in grey; it is searched too. */
  note?: string;
  /** An address to go to, or what to do. */
  to: string | (() => void);
}

export interface Found {
  group: Group | "Time" | "Explore";
  text: string;
  note?: string;
  to: string | (() => void);
}

export interface Where {
  nowMs: number;
  zone: string;
  /** The address that shows an instant. */
  instant: (ms: number) => string;
  /** The address that shows a span. */
  span: (span: Span) => string;
}

export const MOST = 8;
const SECONDS_BELOW_MS = 3_600_000;

const NONE = -1;

/** How well a text fits one word: at its beginning, at a word's, inside; -1 not at all. */
function fit(text: string, word: string): number {
  const at = text.indexOf(word);
  if (at < 0) return NONE;
  if (at === 0) return text.length === word.length ? 5 : 4;
  for (let place = at; place >= 0; place = text.indexOf(word, place + 1)) {
    if (!/[\p{L}\p{N}]/u.test(text[place - 1] ?? " ")) return 3;
  }
  return 1;
}

function score(entry: Entry, words: readonly string[]): number {
  const text = entry.text.toLowerCase();
  const note = entry.note?.toLowerCase() ?? "";
  let sum = 0;
  for (const word of words) {
    const found = Math.max(fit(text, word) * 2, fit(note, word));
    if (found < 0) return NONE;
    sum += found;
  }
  return sum - text.length / 1000;
}

const same = (a: Found, b: Found): boolean =>
  a.group === b.group && a.text === b.text && a.note === b.note && (a.to === b.to || typeof a.to !== "string");

/**
 * The rows for a text for which some are shown already: those stay where they are, since somebody may be pressing one, and
 * what has come since stands behind them.
 */
export function settled(shown: readonly Found[], found: readonly Found[]): Found[] {
  const kept = shown.map((row) => found.find((one) => same(row, one)) ?? row);
  return [...kept, ...found.filter((one) => !shown.some((row) => same(row, one)))].slice(0, MOST);
}

/** Whether a text may well be a query rather than a name. */
const looksLikeQuery = (text: string): boolean => /[{}()[\]]|^\w+_\w+$/.test(text);

/** What a text says of time: an instant to go to, else a span to show; at most one row. */
function timeRows(text: string, where: Where): Found[] {
  const { nowMs, zone } = where;
  const ms = readInstant(text, nowMs, zone);
  if (ms !== null) return [{ group: "Time", text: `Go to ${clock(ms, zone)}`, note: day(ms, zone), to: where.instant(ms) }];
  const span = pickWords(text, nowMs, zone);
  if (typeof span === "string") return [];
  if (span.kind === "live") return [{ group: "Time", text: `Range: ${duration(span.rangeMs)}`, to: where.span(span) }];
  const [from, to] = [span.fromMs, span.toMs].map((end) => clock(end, zone, span.toMs - span.fromMs < SECONDS_BELOW_MS));
  const days = [...new Set([day(span.fromMs, zone), day(span.toMs, zone)])];
  return [{ group: "Time", text: `Show ${from} to ${to}`, note: days.join(" to "), to: where.span(span) }];
}

/** At most eight results, by group in its order; the best of each group first, the best group not cut off by the others. */
export function search(index: readonly Entry[], text: string, where: Where): Found[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return index.slice(0, MOST);
  const scored = index.map((entry) => ({ entry, score: score(entry, words) })).filter((one) => one.score >= 0);
  scored.sort((a, b) => b.score - a.score);
  const time = timeRows(text, where);
  const best = scored.slice(0, MOST - 1 - time.length).map((one) => one.entry);
  const grouped: Found[] = GROUPS.flatMap((group) => best.filter((entry) => entry.group === group));
  const explore: Found = { group: "Explore", text: `Explore: ${text.trim()}`, to: `/explore?q=${encodeURIComponent(text.trim())}` };
  return looksLikeQuery(text.trim()) ? [explore, ...time, ...grouped] : [...time, ...grouped, explore];
}
