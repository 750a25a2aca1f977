// What is seen of the samples: the view, live or held, the second shown in it, and what is read of them there. `Recorder` adds
// the verbs that change it.

import type { Slide } from "./chart";
import { HEARD } from "./expressions";
import { Feed, type Window } from "./feed.svelte";
import { slideOf } from "./slide";
import { DEFAULT_RANGE_MS } from "./steps";

const motionless = matchMedia("(prefers-reduced-motion: reduce)");

export abstract class View extends Feed {
  rangeMs = $state(DEFAULT_RANGE_MS);
  /** The held view; null while live. */
  held = $state.raw<Window | null>(null);
  /** The held second. */
  atMs = $state<number | null>(null);
  /** The second under the pointer. */
  pointerMs = $state<number | null>(null);
  /** The step of what is drawn. */
  stepMs = $state(1000);
  /** The plots' width in device pixels. */
  widthPx = $state(1000);

  /** Spans in which the host was not heard, also such that end beyond the view: whoever knows what happened sets them. */
  knownGaps = $state.raw<readonly Window[]>([]);

  protected heldSinceMs = $state(0);
  /** What is drawn while the answer to an interaction waits for its paint; null otherwise. */
  protected before = $state.raw<{ view: Window; live: boolean; shownMs: number | null } | null>(null);

  /** What a person chose: controls and verbs go by it at once. */
  readonly chosen = $derived.by<Window>(() => {
    if (this.held !== null) return this.held;
    const toMs = this.newestMs > 0 ? this.newestMs : Math.floor(this.nowMs / 1000) * 1000;
    return { fromMs: toMs - this.rangeMs, toMs };
  });

  /** The last instant of the view chosen of which something may be known: its end, as far as that has come. */
  readonly endMs = $derived.by(() => {
    if (this.held === null) return this.newestMs;
    return this.newestMs > 0 ? Math.min(this.held.toMs, this.newestMs) : this.held.toMs;
  });

  /** What is drawn: the view chosen, a frame after it was. */
  readonly view = $derived<Window>(this.before?.view ?? this.chosen);

  /** Whether what is drawn is live. */
  readonly liveView = $derived(this.before?.live ?? this.held === null);

  readonly viewRangeMs = $derived(this.view.toMs - this.view.fromMs);

  /** The second that figures stand for: held, or under the pointer; null is the newest. */
  readonly shownMs = $derived(this.before === null ? (this.atMs ?? this.pointerMs) : this.before.shownMs);

  /** Whether a pointer that a key had moved still stands. */
  pointedByKey = false;

  /** How much has arrived since the view was held. */
  readonly arrivedMs = $derived(this.held === null ? 0 : Math.max(0, this.newestMs - this.heldSinceMs));

  /** A column's value at the second shown, NaN where there is none. Reads `viewRevision`. */
  value(column: string): number {
    void this.viewRevision;
    const ms = this.shownMs ?? this.lastMs();
    return this.grid.at(this.grid.index(column), this.grid.slot(ms));
  }

  // The last second that has come of what is drawn. Of a held view whose end is to come it moves on until then.
  private lastMs(): number {
    const { toMs } = this.view;
    if (this.liveView) return this.newestMs || this.grid.ms(this.grid.newest);
    return this.samples?.coming === this.grid && this.newestMs > 0 ? Math.min(toMs, this.newestMs) : toMs;
  }

  /** The gap that the second shown lies in; its ends are samples. Null outside of gaps. Reads `viewRevision`. */
  gap(): Window | null {
    void this.viewRevision;
    const ms = this.shownMs;
    const found = ms === null ? null : this.grid.gapAround(this.grid.slot(ms), HEARD);
    if (ms === null || found === null) return null;
    if (found.before === null || found.after === null) return this.knownGaps.find((gap) => gap.fromMs < ms && ms < gap.toMs) ?? null;
    return { fromMs: this.grid.ms(found.before), toMs: this.grid.ms(found.after) };
  }

  /** How a short live view slides at this moment; null where it stands still. */
  slide(plotPx: number): Slide | null {
    return slideOf({
      live: this.liveView,
      rangeMs: this.viewRangeMs,
      stepMs: this.grid.stepMs,
      plotPx,
      rowAtMs: this.rowAtMs,
      atMs: performance.now(),
      still: motionless.matches,
    });
  }

  /** Which part of the bucket shown was heard; 1 where that is not known. Reads `viewRevision`. */
  heardShare(): number {
    if (this.stepMs <= this.intervalMs || this.shownMs === null) return 1;
    const share = this.value(HEARD);
    const slot = this.grid.slot(this.shownMs);
    return Number.isNaN(share) || slot >= this.grid.newest || share > 0.999 ? 1 : share;
  }
}
