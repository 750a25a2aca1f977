// Instants and spans as people type them: "3:20", "yesterday 3:20", "-2h", "2026-11-23 14:03"; "last 3 days", "yesterday",
// "monday 9:00 to 10:30", "since 9:00". Pure; the zone is an argument.

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: 60_000, min: 60_000, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

interface Wall {
  year: number;
  month: number;
  day: number;
}

function parts(ms: number, zone: string): { wall: Wall; offsetMs: number; weekday: number } {
  const options = { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const found = new Intl.DateTimeFormat("en-GB", options).formatToParts(ms);
  const field = (type: string) => Number(found.find((part) => part.type === type)?.value);
  const wall = { year: field("year"), month: field("month"), day: field("day") };
  const utc = Date.UTC(wall.year, wall.month - 1, wall.day, field("hour"), field("minute"), field("second"));
  return { wall, offsetMs: utc - Math.floor(ms / SECOND_MS) * SECOND_MS, weekday: new Date(utc).getUTCDay() };
}

/** The instant at which clocks of a zone show this; where they show it twice, the first. */
function atWall(wall: Wall, timeMs: number, zone: string): number {
  const utc = Date.UTC(wall.year, wall.month - 1, wall.day) + timeMs;
  // clocks are changed at most once within the days around
  const [before, after] = [utc - DAY_MS, utc + DAY_MS].map((ms) => parts(ms, zone).offsetMs) as [number, number];
  const shown = [before, after].filter((offset) => parts(utc - offset, zone).offsetMs === offset);
  // a time that clocks leave out is read as those before would show it
  return shown.length === 0 ? utc - before : utc - Math.max(...shown);
}

function timeOf(text: string): number | null {
  const found = /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?$/.exec(text);
  if (found === null) return null;
  const [hour, minute, second] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  return hour < 24 && minute < 60 && second < 60 ? ((hour * 60 + minute) * 60 + second) * SECOND_MS : null;
}

function before(ms: number, zone: string, days: number): Wall {
  const { wall } = parts(ms, zone);
  const shifted = new Date(Date.UTC(wall.year, wall.month - 1, wall.day - days));
  return { year: shifted.getUTCFullYear(), month: shifted.getUTCMonth() + 1, day: shifted.getUTCDate() };
}

function dayOf(word: string, nowMs: number, zone: string): Wall | null {
  if (word === "today") return before(nowMs, zone, 0);
  if (word === "yesterday") return before(nowMs, zone, 1);
  const weekday = word.length < 3 ? -1 : WEEKDAYS.findIndex((name) => name.startsWith(word));
  // a weekday is the last one that is over
  if (weekday >= 0) return before(nowMs, zone, (parts(nowMs, zone).weekday - weekday + 6) % 7 + 1);
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(word);
  if (date === null) return null;
  const [year, month, day] = [Number(date[1]), Number(date[2]), Number(date[3])];
  const real = new Date(Date.UTC(year, month - 1, day));
  return real.getUTCMonth() === month - 1 && real.getUTCDate() === day ? { year, month, day } : null;
}

/** Read an instant; null where the words are none. Never in the future. */
export function readInstant(text: string, nowMs: number, zone: string): number | null {
  const words = text.trim().toLowerCase().replace(/^(go to|at|since)\s+/, "").replace("\u2212", "-").replace(/(\d)t(\d)/, "$1 $2");
  if (words === "now") return nowMs;
  const ago = /^(?:-\s*(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)|(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)\s+ago)$/.exec(words);
  if (ago !== null) return nowMs - Number(ago[1] ?? ago[3]) * (UNITS[ago[2] ?? ago[4] ?? ""] ?? 0);
  const [first = "", second, ...rest] = words.split(/\s+/);
  if (rest.length > 0) return null;
  const time = timeOf(second ?? first);
  const day = second === undefined ? null : dayOf(first, nowMs, zone);
  if (time === null || (second !== undefined && day === null)) return null;
  const found = atWall(day ?? before(nowMs, zone, 0), time, zone);
  if (found <= nowMs) return found;
  // a time alone that is yet to come was meant for yesterday
  return second === undefined ? atWall(before(nowMs, zone, 1), time, zone) : null;
}

/** A span as people name it: the last of the time, which goes on, or one that is over. */
export type Span = { kind: "live"; rangeMs: number } | { kind: "held"; fromMs: number; toMs: number };

const LENGTH = /^(?:the\s+)?(?:last\s+|past\s+|-\s*)?(\d+(?:\.\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)$/;
const ALONE = /^(?:the\s+)?(?:last|past)\s+(minute|hour|day|week)$/;

function midnight(day: Wall, days: number, zone: string): number {
  const shifted = new Date(Date.UTC(day.year, day.month - 1, day.day + days));
  return atWall({ year: shifted.getUTCFullYear(), month: shifted.getUTCMonth() + 1, day: shifted.getUTCDate() }, 0, zone);
}

/** The end of a span that begins at an instant: a time alone is the next such time. */
function endOf(words: string, fromMs: number, nowMs: number, zone: string): number | null {
  const time = timeOf(words);
  if (time !== null) {
    const { wall } = parts(fromMs, zone);
    const found = atWall(wall, time, zone);
    return found > fromMs ? found : atWall(before(fromMs, zone, -1), time, zone);
  }
  const day = dayOf(words, nowMs, zone);
  if (day !== null) return midnight(day, 1, zone);
  const [first = "", second = "", ...rest] = words.replace(/(\d)t(\d)/, "$1 $2").split(" ");
  const [later, at] = [dayOf(first, nowMs, zone), timeOf(second)];
  // unlike an instant alone, an end may be yet to come: it is now then
  if (later !== null && at !== null && rest.length === 0) return atWall(later, at, zone);
  return readInstant(words, nowMs, zone);
}

/** Read a span; null where the words are none, or name what is yet to come. It ends now at the latest. */
export function readSpan(text: string, nowMs: number, zone: string): Span | null {
  const words = text.trim().toLowerCase().replace("\u2212", "-").replace(/\s+/g, " ").replace(/^from /, "");
  const length = LENGTH.exec(words);
  if (length !== null) return { kind: "live", rangeMs: Number(length[1]) * (UNITS[length[2]?.[0] ?? ""] ?? 0) };
  const alone = ALONE.exec(words);
  if (alone !== null) return { kind: "live", rangeMs: UNITS[alone[1]?.[0] ?? ""] ?? 0 };
  const held = (fromMs: number, toMs: number): Span | null => {
    const end = Math.min(toMs, nowMs);
    return end > fromMs ? { kind: "held", fromMs, toMs: end } : null;
  };
  const whole = dayOf(words, nowMs, zone);
  if (whole !== null) return held(midnight(whole, 0, zone), midnight(whole, 1, zone));
  const since = /^since (.+)$/.exec(words)?.[1];
  const [from = "", to, ...rest] = since === undefined ? words.split(/ (?:to|until|till|-|\u2013) |\u2013/) : [since, "now"];
  if (to === undefined || rest.length > 0) return null;
  const day = dayOf(from, nowMs, zone);
  const fromMs = day === null ? readInstant(from, nowMs, zone) : midnight(day, 0, zone);
  const toMs = fromMs === null ? null : endOf(to.trim(), fromMs, nowMs, zone);
  return fromMs === null || toMs === null ? null : held(fromMs, toMs);
}
