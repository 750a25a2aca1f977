// The state of the Alerts pages: the live alerts, who looks, and what was done and can be undone. Asks the server and shows
// a change only once the server has stored it.

import { NOTHING_ACKNOWLEDGED, NOTHING_TAKEN_BACK, done, notSaved } from "./acknowledging";
import { type Acknowledging, type Alert, type AlertList, acknowledge, readAlerts, readHistoryOfAlerts, readMe, takeBack } from "./alerts";
import type { Say } from "./alertwords";
import { Failure } from "./api";

const UNDO_MS = 10_000;
/** So many alerts are shown; the rest is a number. */
export const MOST_SHOWN = 200;
const MAY_ACT = ["operator", "editor", "admin"];

export interface Done {
  text: string;
  ids: readonly number[];
}

export class Alerting {
  list = $state.raw<AlertList | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Who looks; null until that is known. */
  me = $state.raw<{ name: string; role: string } | null>(null);
  /** When the last alert was resolved, Unix seconds; null where that is not known. */
  lastResolvedS = $state<number | null>(null);
  /** What was done last and can be undone still. */
  done = $state.raw<Done | null>(null);
  /** What could not be done, in words. */
  refused = $state<string | null>(null);
  /** The ids of alerts whose change is on its way. */
  busy = $state.raw<ReadonlySet<number>>(new Set());

  readonly mayAct = $derived.by(() => this.me === null || MAY_ACT.includes(this.me.role));
  private asking: AbortController | null = null;
  private forgetting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly say: Say) {}

  async begin(): Promise<void> {
    try {
      this.me = await readMe();
    } catch {
      // whoever it is: the server decides, and says so
    }
  }

  end(): void {
    this.asking?.abort();
    clearTimeout(this.forgetting);
  }

  async refresh(): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    try {
      const list = await readAlerts(MOST_SHOWN, asking.signal);
      if (asking.signal.aborted) return;
      if (list.total === 0) {
        const last = await readHistoryOfAlerts({ kinds: ["resolved"], limit: 1 }, asking.signal);
        this.lastResolvedS = last.transitions[0]?.at ?? null;
      }
      this.list = list;
      this.failure = null;
    } catch (error) {
      if (asking.signal.aborted || !(error instanceof Failure)) return;
      this.failure = error;
    }
  }

  /** True once it is stored. What is under way already (a double click, a key pressed twice) is not done again. */
  async acknowledge(alerts: readonly Alert[], what: Acknowledging): Promise<boolean> {
    const ids = this.idle(alerts.map((alert) => alert.id));
    const stored = await this.change(ids, () => acknowledge(ids, what), NOTHING_ACKNOWLEDGED);
    if (stored) this.offer({ text: done(what.until, this.say, ids.length), ids });
    return stored;
  }

  async takeBack(alerts: readonly number[]): Promise<boolean> {
    const ids = this.idle(alerts);
    const stored = await this.change(ids, () => takeBack(ids), NOTHING_TAKEN_BACK);
    // what was refused can be undone still
    if (stored) this.done = null;
    return stored;
  }

  /** Those of which no change is on its way, each once. */
  private idle(ids: readonly number[]): number[] {
    return [...new Set(ids)].filter((id) => !this.busy.has(id));
  }

  private async change(ids: readonly number[], make: () => Promise<unknown>, nothing: string): Promise<boolean> {
    if (ids.length === 0) return false;
    this.refused = null;
    this.busy = new Set([...this.busy, ...ids]);
    try {
      await make();
      await this.refresh();
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.refused = notSaved(error.kind, error.message, nothing);
      return false;
    } finally {
      this.busy = new Set([...this.busy].filter((id) => !ids.includes(id)));
    }
  }

  private offer(done: Done): void {
    clearTimeout(this.forgetting);
    this.done = done;
    this.forgetting = setTimeout(() => (this.done = null), UNDO_MS);
  }
}
