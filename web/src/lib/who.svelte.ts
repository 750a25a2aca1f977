// Asks who it was at the second shown: debounced, one question at a time, and what was read once is kept, so that moving
// the pointer stays cheap. Knows no DOM.

import { Failure } from "./api";
import { type ProcessTable, processesAt } from "./host";
import { type WhoLine, whoLines } from "./who";

const REST_MS = 70;
const LIVE_EVERY_MS = 2000;
const BEFORE_MS = 60_000;
const MOST_KEPT = 200;
const TRY_MS = 150;
const MOST_TRIES = 20;
/** Busier processes than are listed are of use: their parts are parts of all. */
const ROWS = "30";

const rest = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

export class Who {
  lines = $state.raw<readonly WhoLine[]>([]);
  /** The second that the lines are of; null before the first. */
  ofMs = $state<number | null>(null);
  /** Why there are none. */
  reason = $state<string | null>(null);
  /** Whether another second is being asked for. */
  asking = $state(false);

  private readonly kept = new Map<number, ProcessTable | null>();
  private wantedMs: number | null = null;
  private shownMs: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;

  /** `recorded` tells whether the flight recorder may have anything of an instant; null while that is being read. */
  constructor(private readonly recorded: (ms: number) => boolean | null) {}

  /** Look at a second; `live` is the newest one, which comes once a second but is asked for more seldom. */
  look(atMs: number, live: boolean): void {
    const secondMs = live ? Math.floor(atMs / LIVE_EVERY_MS) * LIVE_EVERY_MS : Math.round(atMs / 1000) * 1000;
    if (secondMs === this.wantedMs) return;
    this.wantedMs = secondMs;
    this.asking = true;
    clearTimeout(this.timer);
    const known = this.kept.get(secondMs);
    if (known !== undefined) return this.show(secondMs, known);
    this.timer = setTimeout(() => void this.ask(), live ? 0 : REST_MS);
  }

  /** Forget what is waited for. */
  stop(): void {
    clearTimeout(this.timer);
    this.wantedMs = null;
  }

  private async ask(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      // whoever moves on meanwhile is answered next; only the last place counts
      while (this.wantedMs !== null && this.wantedMs !== this.shownMs) {
        const atMs = this.wantedMs;
        for (let tries = 0; tries < MOST_TRIES && this.wantedMs === atMs && this.recorded(atMs) === null; tries++) await rest(TRY_MS);
        if (this.wantedMs !== atMs) continue;
        await this.answer(atMs);
      }
    } finally {
      this.busy = false;
    }
  }

  private async answer(atMs: number): Promise<void> {
    try {
      const table = await this.read(atMs);
      if (table !== null) await this.read(atMs - BEFORE_MS);
      if (this.wantedMs === atMs) this.show(atMs, table);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // what is looked at meanwhile has not failed
      if (this.wantedMs !== atMs) return;
      // a connection that is gone is told once, by the bar
      if (error.kind !== "unreachable" && error.kind !== "signed-out") this.reason = error.message;
      this.wantedMs = null;
      this.asking = false;
    }
  }

  private async read(atMs: number): Promise<ProcessTable | null> {
    const known = this.kept.get(atMs);
    if (known !== undefined) return known;
    const found = this.recorded(atMs) === false ? null : await processesAt(atMs, { limit: ROWS });
    this.kept.set(atMs, found);
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return found;
  }

  private show(atMs: number, table: ProcessTable | null): void {
    this.shownMs = atMs;
    this.asking = false;
    this.ofMs = atMs;
    this.reason = table === null ? "The flight recorder has nothing of this second." : null;
    this.lines = table === null ? [] : whoLines(table.rows, this.kept.get(atMs - BEFORE_MS)?.rows ?? null);
  }
}
