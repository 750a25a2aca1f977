// Instants in words: the clock of the pointer and of the axis, and where the axis puts its labels. Pure but for the zone
// of the browser, which every function takes as an argument (tests pass "UTC").

import { zoneChoice } from "./prefs";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const TICK_STEPS_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000,
].map((seconds) => seconds * SECOND_MS);

/** The zone that times are shown in, an IANA name: this browser's, unless a person chose UTC. */
export const localZone = (): string => (zoneChoice.value === "UTC" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, made);
  }
  return made;
}

/** `14:03:22`, or `14:03` without seconds. */
export function clock(ms: number, zone: string, seconds = true): string {
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  return format(zone, seconds ? { ...time, second: "2-digit" } : time).format(ms);
}

/** `23 Nov`. */
export function day(ms: number, zone: string): string {
  return format(zone, { day: "numeric", month: "short" }).format(ms);
}

/** An instant as precise as a view of this length deserves: seconds below 6 h, the day from 24 h on. */
export function instant(ms: number, rangeMs: number, zone: string): string {
  const time = clock(ms, zone, rangeMs < 6 * HOUR_MS);
  return rangeMs > DAY_MS ? `${day(ms, zone)}, ${time}` : time;
}

/** A time with its day before it, where that is another than today's. */
export const withDay = (text: string, ms: number, nowMs: number, zone: string): string => {
  // the same day of another year is another day
  const on = (instantMs: number) => format(zone, { day: "numeric", month: "numeric", year: "numeric" }).format(instantMs);
  return on(ms) === on(nowMs) ? text : `${day(ms, zone)}, ${text}`;
};

/** An instant of a view, with its day where that is another than today's, however short the view is. */
export const dated = (ms: number, rangeMs: number, nowMs: number, zone: string): string =>
  rangeMs > DAY_MS ? instant(ms, rangeMs, zone) : withDay(instant(ms, rangeMs, zone), ms, nowMs, zone);

/** How the zone is named once in a view: `UTC`, `GMT+2`, `CET`. */
export function zoneName(ms: number, zone: string): string {
  const parts = format(zone, { timeZoneName: "short", hour: "2-digit" }).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

function zoneOffsetMs(ms: number, zone: string): number {
  const parts = format(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(ms);
  const field = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(field("year"), field("month") - 1, field("day"), field("hour"), field("minute"), field("second"));
  return wall - Math.floor(ms / SECOND_MS) * SECOND_MS;
}

export interface Tick {
  ms: number;
  text: string;
}

/** A label's instant as the clocks of that instant show it, where they were changed since the label before; the next that is round. */
function afterChange(ms: number, lastWall: number, step: number, zone: string, offset: number): number {
  if ((ms + offset) % step === 0) return ms;
  const before = Math.floor((ms + offset) / step) * step - offset;
  if (before + offset > lastWall && zoneOffsetMs(before, zone) === offset) return before;
  return Math.ceil((ms + offset) / step) * step - offset;
}

/** The labels of a time axis: round instants of the local clock, at least `spacing` pixels apart. */
export function ticks(fromMs: number, toMs: number, widthPx: number, spacingPx: number, zone: string): Tick[] {
  const rangeMs = toMs - fromMs;
  if (rangeMs <= 0 || widthPx <= 0) return [];
  const least = (rangeMs * spacingPx) / widthPx;
  const step = TICK_STEPS_MS.find((candidate) => candidate >= least) ?? DAY_MS * Math.ceil(least / DAY_MS);
  let offset = zoneOffsetMs(fromMs, zone);
  const changes = zoneOffsetMs(toMs, zone) !== offset;
  const found: Tick[] = [];
  for (let ms = Math.ceil((fromMs + offset) / step) * step - offset; ms <= toMs; ms += step) {
    if (changes) {
      const now = zoneOffsetMs(ms, zone);
      if (now !== offset) ms = afterChange(ms, (found.at(-1)?.ms ?? fromMs) + offset, step, zone, now);
      offset = now;
      if (ms > toMs) break;
    }
    const midnight = (ms + offset) % DAY_MS === 0;
    const text = step >= DAY_MS || (midnight && rangeMs > DAY_MS / 4) ? day(ms, zone) : clock(ms, zone, step < MINUTE_MS);
    found.push({ ms, text });
  }
  return found;
}
