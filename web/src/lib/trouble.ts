// What a collector that cannot do its work is said to be, in the track that hangs on it. Pure.

import { duration } from "./numbers";
import type { Collector } from "./status";
import type { Track } from "./tracks";
import { ABSENT_WORDS } from "./more";

export interface Trouble {
  words: string;
  /** Whether the plot is hatched: nothing new comes. */
  hatched: boolean;
}

const DENIED = /permission denied|operation not permitted|EACCES|EPERM/i;
const PATH = /(\/[^\s:,;'"]+)/;

/** The words for one collector's reason; null while it does its work. */
export function troubleOf(collector: Collector | undefined): Trouble | null {
  if (collector === undefined || collector.state === "ok" || collector.state === "no_data") return null;
  const reason = collector.reason.trim().replace(/[.]$/, "");
  if (DENIED.test(reason)) {
    const path = PATH.exec(reason)?.[1] ?? `what ${collector.name} reads`;
    return { words: `Cannot read ${path}: permission denied. Run \`barograph doctor\` to see the remedy.`, hatched: true };
  }
  if (collector.state === "hung") return { words: `The collector ${collector.name} has not answered: ${reason || "it hangs"}. The rest goes on.`, hatched: true };
  return { words: `This part failed: ${reason || collector.name}. The rest goes on.`, hatched: true };
}

/** What a machine does not have of the tracks that others have: words for "More tracks". */
export function absentWords(track: Pick<Track, "id" | "name">, collector: Collector | undefined): string | null {
  const known = ABSENT_WORDS[track.id];
  if (known !== undefined) return known;
  if (collector === undefined || collector.reason === "") return null;
  const denied = troubleOf(collector);
  return denied === null ? `${track.name}: ${collector.reason.replace(/[.]$/, "")}.` : denied.words;
}

/** `20 s of 30 s have data`: what a wide bucket is the mean of. */
export function heardPart(share: number, stepMs: number): string {
  const whole = (ms: number) => duration(Math.round(ms / 1000) * 1000);
  return `${whole(share * stepMs)} of ${whole(stepMs)} have data`;
}
