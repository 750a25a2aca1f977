// Keeps the recorder's regions and the reasons of its gaps true for the view: asks for alerts and events of its span, again
// when alerts change and while it is live, and not at all while nobody looks.

import { untrack } from "svelte";
import { type Alert, readAlert, readAlerts, readHistoryOfAlerts, readRecorded } from "./alerts";
import { Failure } from "./api";
import { type HostEvent, eventsOf } from "./host";
import { eachOnce, gapReason, gapsOf, recordedIn, regionsOf } from "./overlays";
import type { Recorder } from "./recorder.svelte";

const AGAIN_MS = 30_000;
const REST_MS = 400;
const MOST_ALERTS = 100;
/** So many that ended are looked up for a view. */
const MOST_ENDED = 24;
/** So many that ended are remembered. */
const MOST_KEPT = 200;
/** An alert may have begun so long before the view. */
const BEFORE_MS = 86_400_000;
/** Events are told of two days at most. */
const MOST_EVENTS_MS = 2 * 86_400_000;
/** A gap is known by its two ends, and one of them may lie so far beyond the view. */
const BEYOND_MS = MOST_EVENTS_MS / 4;

export class Overlays {
  private readonly ended = new Map<number, Alert>();
  /** What rules record, and the names that were looked up: what was not found then is asked for no more. */
  private recorded: ReadonlyMap<string, string> = new Map();
  private readonly lookedUp = new Set<string>();
  private asking: AbortController | null = null;
  private lookedMs = 0;

  constructor(private readonly recorder: Recorder) {}

  /** Effects that keep it going; called while a component is made. */
  attend(): void {
    let view = "";
    let rest: ReturnType<typeof setTimeout> | undefined;
    $effect(() => {
      const { held, rangeMs, host, upMs } = this.recorder;
      if (host === "" || this.recorder.connection.kind !== "open") return;
      const version = this.recorder.alerts?.version ?? 0;
      const next = `${version} ${held === null ? `live ${rangeMs}` : `${held.fromMs} ${held.toMs}`}`;
      if (next === view && upMs - this.lookedMs < AGAIN_MS) return;
      this.lookedMs = upMs;
      clearTimeout(rest);
      rest = setTimeout(() => untrack(() => void this.look()), next === view ? 0 : REST_MS);
      view = next;
    });
    $effect(() => () => {
      clearTimeout(rest);
      this.end();
    });
  }

  /** Nobody keeps them true any longer: tracks of another page would show an alert that fires for ever. */
  end(): void {
    this.asking?.abort();
    this.take([], []);
  }

  private async look(): Promise<void> {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    const { fromMs, toMs } = this.recorder.view;
    const { host } = this.recorder;
    try {
      const [live, ended, events] = await Promise.all([
        readAlerts(MOST_ALERTS, signal),
        this.readEnded(fromMs, toMs, signal),
        eventsOf(host, Math.max(fromMs - BEYOND_MS, toMs + BEYOND_MS - MOST_EVENTS_MS), toMs + BEYOND_MS),
      ]);
      const alerts = eachOnce(live.alerts, ended);
      await this.learn(alerts, signal);
      if (!signal.aborted) this.take(alerts, events);
    } catch (error) {
      // tracks are whole without what lies over them; the next look asks again
      if (!(error instanceof Failure) && !(error instanceof DOMException)) throw error;
    }
  }

  // alerts of thresholds, the stock ones too, compare what another rule records: that says which track they are about
  private async learn(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    const names = alerts.flatMap((alert) => recordedIn(alert.rule.expression)).filter((name) => !this.lookedUp.has(name));
    if (names.length === 0) return;
    this.recorded = await readRecorded(signal);
    for (const name of names) this.lookedUp.add(name);
  }

  private take(alerts: readonly Alert[], events: readonly HostEvent[]): void {
    const regions = alerts.flatMap((alert) => regionsOf(alert, this.recorder.host, this.recorded));
    if (JSON.stringify(regions) !== JSON.stringify(this.recorder.regions)) this.recorder.regions = regions;
    this.recorder.gapReason = (gap) => gapReason(events, gap);
    const known = gapsOf(events);
    if (JSON.stringify(known) !== JSON.stringify(this.recorder.knownGaps)) this.recorder.knownGaps = known;
  }

  private async readEnded(fromMs: number, toMs: number, signal: AbortSignal): Promise<Alert[]> {
    const asked = { kinds: ["resolved", "dropped"], startS: Math.max(0, fromMs / 1000), limit: MOST_ALERTS };
    const { transitions } = await readHistoryOfAlerts(asked, signal);
    const near = transitions.filter((one) => 1000 * one.at >= fromMs && 1000 * one.at <= toMs + BEFORE_MS);
    const ids = [...new Set(near.map((one) => one.alert))].slice(0, MOST_ENDED);
    const found = await Promise.all(ids.map((id) => this.ended.get(id) ?? readAlert(id, signal).then((detail) => detail.alert)));
    for (const alert of found) if (alert.ended !== null) this.ended.set(alert.id, alert);
    for (const id of this.ended.keys()) if (this.ended.size > MOST_KEPT) this.ended.delete(id);
    return found.filter((alert) => alert.ended !== null);
  }
}
