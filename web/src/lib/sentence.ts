// The sentence on top of the Overview: verdict, figures, the one thing that happened in the view, the nearest danger.
// One pure function, and what keeps it from changing more than once in ten seconds. No figure is said that is not known.

import { distant } from "./filling";
import type { Resource } from "./happening";
import { duration, roundPercent } from "./numbers";
import { clock, day } from "./times";
import { FIRST_SECOND } from "./words";

export type Severity = "critical" | "warning" | "info";

export interface OpenAlert {
  id: string;
  title: string;
  severity: Severity;
  /** Something that will come, or may wait for working hours: it does not change the verdict. */
  later: boolean;
  acknowledged: boolean;
  sinceMs: number;
}

export interface Happened {
  resource: Resource;
  /** Who did it; null where the flight recorder does not say. */
  who: string | null;
  fromMs: number;
  toMs: number;
  ongoing: boolean;
}

export interface Situation {
  /** Whether a first sample has come. */
  begun: boolean;
  /** How long nothing was heard, once that is longer than three intervals. */
  silentMs: number | null;
  alerts: readonly OpenAlert[];
  /** Means of the last minute, percent; null where not known. */
  cpuMinute: number | null;
  pressureMinute: number | null;
  /** Now, percent. */
  cpu: number | null;
  memory: number | null;
  /** How memory moved in the view, in percent of the whole; null where not known. */
  memoryMoved: number | null;
  happened: Happened | null;
  /** The filesystem that is full first. */
  filling: { mount: string; inMs: number; overMs: number } | null;
  zone: string;
  rangeMs: number;
}

export interface Part {
  text: string;
  kind: "verdict" | "plain" | "danger";
  severity?: Severity;
  href?: string;
}

export interface Sentence {
  parts: readonly Part[];
  /** The worst that it tells of; null while all is calm. */
  severity: Severity | null;
}

export const LONGEST = 140;
const DAY_MS = 86_400_000;
const MOVES = 3;
const STRAINED_PRESSURE = 40;
const BUSY_CPU = 80;
const BUSY_PRESSURE = 10;

/** The first that applies; the rows of docs' table of verdicts, in its order. */
export function verdict(now: Situation): { text: string; severity: Severity | null } {
  const needs = (severity: Severity) => now.alerts.some((alert) => alert.severity === severity && !alert.acknowledged && !alert.later);
  if (now.silentMs !== null) return { text: `No data for ${duration(Math.floor(now.silentMs / 1000) * 1000)}.`, severity: "warning" };
  if (needs("critical")) return { text: "In trouble.", severity: "critical" };
  if (needs("warning") || (now.pressureMinute ?? 0) > STRAINED_PRESSURE) return { text: "Strained.", severity: "warning" };
  if ((now.cpuMinute ?? 0) > BUSY_CPU || (now.pressureMinute ?? 0) > BUSY_PRESSURE) return { text: "Busy.", severity: null };
  return { text: now.happened === null ? "Calm." : "Calm now.", severity: null };
}

function moved(points: number | null): string {
  if (points === null) return "";
  if (points >= MOVES) return " and rising";
  return points <= -MOVES ? " and falling" : " and steady";
}

function figures(now: Situation, withTrend: boolean): string | null {
  // what was measured before the silence is not how it is now
  if (now.silentMs !== null) return null;
  const said: string[] = [];
  if (now.cpu !== null) said.push(`CPU ${roundPercent(now.cpu)}`);
  if (now.memory !== null) said.push(`memory ${roundPercent(now.memory)}${withTrend ? moved(now.memoryMoved) : ""}`);
  const text = said.join(", ");
  return text === "" ? null : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const PRESSED: Record<Resource, string> = { io: "the disk", memory: "memory", cpu: "the CPU" };

/** `restic pressed the disk from 14:02 to 14:06.` */
export function happenedWords(happened: Happened, zone: string, rangeMs: number): string {
  const { fromMs, toMs, who, resource } = happened;
  const from = clock(fromMs, zone, false);
  const to = clock(toMs, zone, false);
  const on = rangeMs > DAY_MS ? `on ${day(fromMs, zone)} ` : "";
  const subject = who === null ? `Something pressed ${PRESSED[resource]}` : `${who} pressed ${PRESSED[resource]}`;
  if (happened.ongoing) return `${subject.replace("pressed", "has pressed")} since ${on === "" ? from : `${day(fromMs, zone)}, ${from}`}.`;
  if (from === to) return `${subject} ${on}at ${from} for ${duration(Math.max(1000, Math.round((toMs - fromMs) / 1000) * 1000))}.`;
  return `${subject} ${on}from ${from} to ${to}.`;
}

const RANKS: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/** The nearest danger: the worst open alert that nobody has, else the disk that is full first. */
function danger(now: Situation, withTail: boolean): Part[] {
  const open = now.alerts.filter((alert) => !alert.acknowledged);
  const worst = [...open].sort((a, b) => RANKS[a.severity] - RANKS[b.severity] || b.sinceMs - a.sinceMs)[0];
  if (worst !== undefined) {
    return [{ text: worst.title, kind: "danger", severity: worst.severity, href: `/alerts/${encodeURIComponent(worst.id)}` }, { text: ".", kind: "plain" }];
  }
  if (now.filling === null) return [];
  const text = `Disk ${now.filling.mount} fills in ${distant(now.filling.inMs)}`;
  const days = Math.round(now.filling.overMs / DAY_MS);
  const tail = days >= 7 ? " at this week\u2019s rate." : ` at the rate of these ${days}\u00a0days.`;
  return [{ text, kind: "danger", severity: "warning", href: "#filesystems" }, { text: withTail ? tail : ".", kind: "plain" }];
}

const lengthOf = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + part.text.length, 0);

function compose(now: Situation, keep: { trend: boolean; tail: boolean; happened: boolean; longestDanger: number }): Part[] {
  const said = verdict(now);
  const parts: Part[] = [{ text: said.text, kind: "verdict", ...(said.severity === null ? {} : { severity: said.severity }) }];
  const plain = [figures(now, keep.trend), keep.happened && now.happened !== null ? happenedWords(now.happened, now.zone, now.rangeMs) : null];
  const text = plain.filter((one) => one !== null).join(" ");
  const dangers = danger(now, keep.tail).map((part) =>
    part.kind === "danger" && part.text.length > keep.longestDanger ? { ...part, text: `${part.text.slice(0, keep.longestDanger - 1)}\u2026` } : part,
  );
  if (text !== "") parts.push({ text: ` ${text}`, kind: "plain" });
  if (dangers.length > 0) parts.push({ text: " ", kind: "plain" }, ...dangers);
  return parts;
}

// What is left out first where it would be longer than two lines.
const SHORTER = [
  { trend: true, tail: true, happened: true, longestDanger: 60 },
  { trend: true, tail: false, happened: true, longestDanger: 60 },
  { trend: false, tail: false, happened: true, longestDanger: 50 },
  { trend: false, tail: false, happened: true, longestDanger: 32 },
  { trend: false, tail: false, happened: false, longestDanger: 60 },
];

/** The sentence of a situation. */
export function sentence(now: Situation): Sentence {
  if (!now.begun) return { parts: [{ text: FIRST_SECOND, kind: "verdict" }], severity: null };
  const tried = SHORTER.map((keep) => compose(now, keep));
  const parts = tried.find((one) => lengthOf(one) <= LONGEST) ?? (tried.at(-1) as Part[]);
  const worst = parts.flatMap((part) => part.severity ?? []).sort((a, b) => RANKS[a] - RANKS[b])[0];
  return { parts, severity: worst ?? null };
}

const REST_MS = 10_000;

/** Lets the sentence change at most once in ten seconds; the first real one comes at once. */
export class Calmly {
  private shown: Sentence | null = null;
  private key = "";
  private sinceMs = 0;
  private provisional = true;

  next(wanted: Sentence, nowMs: number, provisional = false): Sentence {
    const key = JSON.stringify(wanted.parts);
    if (this.shown === null || this.provisional || (key !== this.key && nowMs - this.sinceMs >= REST_MS)) {
      if (key !== this.key) this.sinceMs = nowMs;
      this.shown = wanted;
      this.key = key;
      this.provisional = provisional;
    }
    return this.shown;
  }
}
