// What the page says in each state. Pure, so that the words can be tested to the letter.

import { NO_DATA, duration, durationInWords } from "./numbers";

export const FIRST_SECOND = "Collecting. The first second arrives now.";
export const NOTHING_RECORDED = "The flight recorder has nothing of this second, nor of the minute before it.";
export const SIGNED_OUT = "You were signed out. Sign in to go on here.";

export const NOTHING_HERE = "Barograph has no page at this address.";

export const NOTHING_ASKED = "Write a query above, or find a metric by typing the beginning of its name.";
export const NOTHING_TO_LIMIT = "None of these queries has data now, so there is no limit to begin with.";
export const NO_SERIES = "No series matches in this range.";
/** For somebody whose role may look and nothing more. */
export const mayNot = (role: string, what: string): string => `Your role, ${role}, may look but not ${what}. Ask an admin of this server.`;
export const nothingCalled = (text: string): string => `Nothing is called '${text}'. Explore it as a query?`;

export const reading = (rangeMs: number): string => `Reading ${durationInWords(rangeMs)}.`;

export const stale = (lastHeard: string, ageMs: number): string => `Last heard ${lastHeard}, ${duration(ageMs)} ago.`;

export function disconnected(waitMs: number, until: string | null): string {
  const again = waitMs > 0 ? `Trying again in ${Math.ceil(waitMs / 1000)}\u00a0s.` : "Trying again now.";
  const shown = until === null ? "" : ` Showing data until ${until}.`;
  return `Not connected to Barograph. ${again}${shown}`;
}

export const caughtUp = (ms: number): string =>
  ms >= 1000 ? `Connected. ${duration(Math.round(ms / 1000) * 1000)} caught up.` : "Connected.";

export const noData = (from: string, to: string): string => `${NO_DATA}, ${from} to ${to}`;

/** A query's refusal, as the track shows it. */
export function refused(reason: string): string {
  const bare = reason.replace(/^query refused:\s*/i, "");
  return `Query refused: ${bare}${/[.!?]$/.test(bare) ? "" : "."}`;
}

/** A failure of the server, as the track shows it. */
export function failed(reason: string): string {
  const bare = reason.replace(/^this part failed:?\s*/i, "").replace(/[.]$/, "");
  return `This part failed: ${bare}. The rest goes on.`;
}

export function notStored(reason: string): string {
  const because = reason === "" ? "" : `: ${reason.replace(/[.]$/, "")}`;
  return `Nothing is stored on disk now${because}. New seconds are kept in memory only.`;
}

export const held = (time: string): string => `Held ${time}`;

/** What has arrived since the view was held: `+42 s`. */
export function arrivedSince(ms: number): string {
  const wholeSeconds = Math.max(0, Math.round(ms / 1000));
  return wholeSeconds === 0 ? "+0\u00a0s" : `+${duration(wholeSeconds * 1000)}`;
}
