// The alerts of one host as the Overview tells of them: open ones in the sentence, what fired as bars of the day strip and
// and as events of the day. Pure. What lies over the tracks: overlays.ts.

import type { Alert, Transition } from "./alerts";
import { signOf } from "./alertwords";
import type { OpenAlert, Severity } from "./sentence";

/** Those of a host, and those that name none. */
export const ofHost = (alerts: readonly Alert[], host: string): Alert[] => alerts.filter((alert) => alert.host === "" || alert.host === host);

/** A rule that looks ahead, or one that may wait: it is a danger, not a verdict. */
const isLater = (alert: Alert): boolean =>
  /\bpredict_linear\b/.test(alert.rule.expression) || /FillingUp$/.test(alert.rule.name) || alert.severity.toLowerCase() === "ticket";

/** Its title on the page of its own host, which need not be named again: `web-1: full`, `Full on web-1 (92 %)`. */
export function titleOf(title: string, host: string): string {
  if (host === "") return title;
  if (title.startsWith(`${host}: `)) return title.slice(host.length + 2);
  const [first, value = ""] = /^(.*)( \([^()]*\))$/s.exec(title)?.slice(1) ?? [title];
  return first?.endsWith(` on ${host}`) ? first.slice(0, -` on ${host}`.length) + value : title;
}

/** The open ones, acknowledged or not. */
export function openAlerts(alerts: readonly Alert[], host: string): OpenAlert[] {
  return alerts
    .filter((alert) => alert.part === "needs" || alert.part === "acknowledged")
    .map((alert) => ({
      id: String(alert.id),
      title: titleOf(alert.title, host),
      severity: signOf(alert.severity),
      later: isLater(alert),
      acknowledged: alert.part === "acknowledged",
      sinceMs: (alert.fired ?? alert.began) * 1000,
    }));
}

/** `1 open, 1 acknowledged`. */
export function countsText(alerts: readonly Alert[]): string {
  const count = (part: string) => alerts.filter((alert) => alert.part === part).length;
  const said = [
    [count("needs"), "open"],
    [count("acknowledged"), "acknowledged"],
    [count("silenced"), "silenced"],
  ] as const;
  return said.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(", ");
}

export interface Fired {
  id: string;
  title: string;
  severity: Severity;
  fromMs: number;
  /** Null while it lasts. */
  toMs: number | null;
}

/** When alerts fired and ended, from what happened to them, newest first; those that are open still last. */
export function firedOf(transitions: readonly Transition[], isOpen: (alert: number) => boolean): Fired[] {
  const ended = new Map<number, number>();
  const found: Fired[] = [];
  for (const { alert, kind, at, title, severity } of transitions) {
    if (kind === "resolved") ended.set(alert, at * 1000);
    if (kind !== "fired") continue;
    const toMs = ended.get(alert) ?? (isOpen(alert) ? null : at * 1000);
    found.push({ id: String(alert), title, severity: signOf(severity), fromMs: at * 1000, toMs });
    ended.delete(alert);
  }
  return found;
}
