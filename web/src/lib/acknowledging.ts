// The forms of acknowledging and silencing: choices of time, what is missing, and their words. Pure but for the zone.

import { type Say } from "./alertwords";
import { duration } from "./numbers";

export type Quiet = "fixed" | "30m" | "2h" | "tomorrow" | "pick";

export const QUIET: readonly { code: Quiet; text: string }[] = [
  { code: "fixed", text: "until it is fixed" },
  { code: "30m", text: "30\u00a0min" },
  { code: "2h", text: "2\u00a0h" },
  { code: "tomorrow", text: "tomorrow 09:00" },
  { code: "pick", text: "pick…" },
];

const HOUR_S = 3600;
const NEEDS_REASON_S = 2 * HOUR_S;

/** Tomorrow at nine of this browser's clock, as Unix seconds. */
export function tomorrowNine(nowS: number): number {
  const at = new Date(nowS * 1000);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1, 9).getTime() / 1000;
}

/** When the quiet ends, as Unix seconds; null until it is fixed; NaN where a picked time is none. */
export function quietUntil(quiet: Quiet, picked: string, nowS: number): number | null {
  if (quiet === "fixed") return null;
  if (quiet === "30m") return Math.round(nowS) + HOUR_S / 2;
  if (quiet === "2h") return Math.round(nowS) + 2 * HOUR_S;
  if (quiet === "tomorrow") return tomorrowNine(nowS);
  return Date.parse(picked) / 1000;
}

/** How long it is quiet, counted by the server from its own now: two hours of another clock may be more than two. */
export const quietFor = (quiet: Quiet): string | null => (quiet === "30m" || quiet === "2h" ? quiet : null);

/** What keeps the form from being sent; null where nothing does. */
export function missing(quiet: Quiet, picked: string, reason: string, nowS: number): string | null {
  const until = quietUntil(quiet, picked, nowS);
  if (until === null) return null;
  if (Number.isNaN(until)) return "Pick until when it is quiet.";
  if (until <= nowS) return "That time is over. Pick a later one.";
  // of whole seconds: two hours are no more than two hours
  if (until - nowS > NEEDS_REASON_S + 1 && reason.trim() === "") return "More than 2\u00a0h need a reason.";
  return null;
}

/** The words of the button: `Acknowledge until it is fixed`, `Acknowledge for 2 h`. */
export function buttonText(quiet: Quiet, picked: string, nowS: number, say: Say): string {
  const until = quietUntil(quiet, picked, nowS);
  if (until === null) return "Acknowledge until it is fixed";
  if (quiet === "30m" || quiet === "2h") return `Acknowledge for ${duration((until - Math.round(nowS)) * 1000)}`;
  return Number.isNaN(until) ? "Acknowledge" : `Acknowledge until ${say(until)}`;
}

/** After it is stored. */
export function done(until: number | null, say: Say, count = 1): string {
  const what = count === 1 ? "Acknowledged" : `${count} alerts acknowledged`;
  const fixed = count === 1 ? "it is fixed" : "they are fixed";
  return `${what} until ${until === null ? fixed : say(until)}.`;
}

/** A refusal or a silence of the server: nothing was stored, and the form stays as it is. */
export function notSaved(kind: string, reason: string, what: string): string {
  if (kind === "unreachable") return `Not saved: the server did not answer. ${what}`;
  if (kind === "signed-out") return `Not saved: you were signed out. ${what}`;
  return `Not saved: ${reason.replace(/[.]$/, "")}. ${what}`;
}

export const NOTHING_ACKNOWLEDGED = "Nothing was acknowledged.";
export const NOTHING_TAKEN_BACK = "Nothing was taken back.";
export const NOTHING_SILENCED = "Nothing was silenced.";

/** What a role may not do, in words. */
export const denied = (role: string): string => `Your role, ${role}, may look but not acknowledge. Ask an admin of this server.`;

export const matchesText = (count: number): string => `matches ${count === 0 ? "no alert" : count === 1 ? "1 alert" : `${count} alerts`} now`;

export interface Window {
  /** `HH:MM`. */
  from: string;
  to: string;
  /** `monday` ... `sunday`; none: every day. */
  days: readonly string[];
}

export const DAYS: readonly string[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

interface Recurring {
  times?: { start_time: string; end_time: string }[];
  weekdays?: string[];
  location?: string;
}

const dayAfter = (day: string): string => DAYS[(DAYS.indexOf(day) + 1) % DAYS.length] ?? day;

/** Recurring times with the keys of a time interval. A night is two: its days are those on which it begins. */
export function windowsJson(window: Window, zone: string): string {
  const part = (from: string, to: string, days: readonly string[]) => ({
    times: [{ start_time: from, end_time: to }],
    ...(days.length === 0 ? {} : { weekdays: days }),
    location: zone,
  });
  if (window.from < window.to) return JSON.stringify([part(window.from, window.to, window.days)]);
  const evening = part(window.from, "24:00", window.days);
  return JSON.stringify(window.to === "00:00" ? [evening] : [evening, part("00:00", window.to, window.days.map(dayAfter))]);
}

/** Recurring times in words: `22:00 to 24:00 on saturday`; the text itself where it is no such thing. */
export function windowsText(json: string): string {
  try {
    const intervals = JSON.parse(json) as Recurring[];
    const said: string[] = [];
    for (let i = 0; i < intervals.length; i += 1) {
      const { times = [], weekdays = [] } = intervals[i]!;
      const morning = morningAfter(intervals[i]!, intervals[i + 1]);
      if (morning !== null) i += 1;
      const hours = morning === null ? times.map((each) => `${each.start_time} to ${each.end_time}`).join(", ") : `${times[0]!.start_time} to ${morning}`;
      said.push(`${hours === "" ? "all day" : hours} ${weekdays.length === 0 ? "every day" : `on ${weekdays.join(", ")}`}`);
    }
    return said.join("; ");
  } catch {
    return json;
  }
}

/** When a night ends, of which these are the two parts; null where they are no such thing. */
function morningAfter(evening: Recurring, morning: Recurring | undefined): string | null {
  const [late, early] = [evening.times?.[0], morning?.times?.[0]];
  if (late === undefined || early === undefined || evening.times?.length !== 1 || morning?.times?.length !== 1) return null;
  if (late.end_time !== "24:00" || early.start_time !== "00:00" || evening.location !== morning.location) return null;
  const days = (evening.weekdays ?? []).map(dayAfter);
  return days.join() === (morning.weekdays ?? []).join() ? early.end_time : null;
}
