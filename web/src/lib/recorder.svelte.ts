// The recorder's state: the view, live or held, over the samples that the feed brings. Parts of the page read it and call
// its verbs; it touches no DOM but the address.

import { type Address, readAddress, showsView, writeAddress } from "./address";
import { HEARD } from "./expressions";
import { Feed, type TrackFailure, type Window } from "./feed.svelte";
import { Display } from "./display.svelte";
import type { Grid } from "./grid";
import type { Region } from "./regions";
import { afterPaint } from "./schedule";
import { type Samples, gridFor } from "./samples";
import type { Slide } from "./chart";
import { slideOf } from "./slide";
import { DEFAULT_RANGE_MS, LONGEST_MS, SHORTEST_MS, stepFor } from "./steps";
import { TrackList } from "./tracklist.svelte";
import { reading as readingWords } from "./words";

export type { TrackFailure, Window };

const motionless = matchMedia("(prefers-reduced-motion: reduce)");
const LOADING_AFTER_MS = 200;
/** A view that is being dragged asks only once it rests. */
const REST_MS = 120;

export class Recorder extends Feed {
  rangeMs = $state(DEFAULT_RANGE_MS);
  /** The held view; null while live. */
  held = $state.raw<Window | null>(null);
  /** The held second. */
  atMs = $state<number | null>(null);
  /** The second under the pointer. */
  pointerMs = $state<number | null>(null);
  /** Columns drawn alone; empty: all. */
  only = $state.raw<readonly string[]>([]);
  /** The words of a load that takes longer than a blink. */
  loading = $state<string | null>(null);
  /** The step of what is drawn. */
  stepMs = $state(1000);
  /** The plots' width in device pixels. */
  widthPx = $state(1000);
  /** Alerts and limits over the tracks: whoever knows them sets them. */
  regions = $state.raw<readonly Region[]>([]);
  /** Why there was no data until an instant: whoever knows what happened sets it. */
  gapReason = $state.raw<(gap: Window) => string | null>(() => null);
  readonly display = new Display();
  readonly list = new TrackList(this);
  /** Rises with every move of the pointer by key. */
  movedByKey = $state(0);

  /** The views before each zoom; null is live. */
  private zooms: (Window | null)[] = [];
  private heldSinceMs = $state(0);
  private remembering = false;
  private load: AbortController | null = null;
  /** What is drawn while the answer to an interaction waits for its paint; null otherwise. */
  private before = $state.raw<{ view: Window; live: boolean; shownMs: number | null } | null>(null);
  /** Samples that wait with it. */
  private next: Grid | null = null;

  /** What a person chose: controls and verbs go by it at once. */
  readonly chosen = $derived.by<Window>(() => {
    if (this.held !== null) return this.held;
    const toMs = this.newestMs > 0 ? this.newestMs : Math.floor(this.nowMs / 1000) * 1000;
    return { fromMs: toMs - this.rangeMs, toMs };
  });

  /** What is drawn: the view chosen, a frame after it was. */
  readonly view = $derived<Window>(this.before?.view ?? this.chosen);

  /** Whether what is drawn is live. */
  readonly liveView = $derived(this.before?.live ?? this.held === null);

  readonly viewRangeMs = $derived(this.view.toMs - this.view.fromMs);

  /** The second that figures stand for: held, or under the pointer; null is the newest. */
  readonly shownMs = $derived(this.before === null ? (this.atMs ?? this.pointerMs) : this.before.shownMs);

  /** How much has arrived since the view was held. */
  readonly arrivedMs = $derived(this.held === null ? 0 : Math.max(0, this.newestMs - this.heldSinceMs));

  /** Begin: read the address, ask who this is, load the view, follow it live. */
  async start(): Promise<void> {
    this.take(readAddress(location.pathname, location.search));
    setInterval(() => (this.nowMs = Date.now()), 500);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.live?.pause() : this.live?.open()));
    await this.begin();
  }

  setRange(rangeMs: number): void {
    this.change();
    this.zooms = [];
    this.pointerMs = null;
    this.rangeMs = rangeMs;
    if (this.held === null) return this.reload();
    const centre = (this.held.fromMs + this.held.toMs) / 2;
    this.showAt(Math.min(centre - rangeMs / 2, (this.newestMs || this.held.toMs) - rangeMs), rangeMs);
  }

  /** Back to live; the samples on hand are used where they reach. */
  backToLive(rangeMs = this.rangeMs): void {
    this.change();
    this.rangeMs = rangeMs;
    this.held = null;
    this.atMs = null;
    this.zooms = [];
    this.reload();
  }

  hold(): void {
    if (this.held === null) this.show({ ...this.chosen });
  }

  toggleLive(): void {
    if (this.held === null) this.hold();
    else this.backToLive();
  }

  /** Hold a second: figures stay with it, and the view with them. */
  holdSecond(ms: number): void {
    if (this.held === null) {
      this.zooms.push(null);
      this.show({ ...this.chosen });
    }
    this.atMs = ms;
    this.remember();
  }

  /** One step back: the held second, then the isolated series, then the zoom. */
  letGo(): void {
    if (this.atMs !== null) {
      this.atMs = null;
      // a view that only the click had held goes on
      if (this.zooms.at(-1) === null) this.back();
    } else if (this.display.close()) return;
    else if (this.only.length > 0) this.only = [];
    else this.back();
    this.remember();
  }

  /** What a double-click does: to the view before the last zoom. */
  stepBack(): void {
    this.atMs = null;
    this.back();
    this.remember();
  }

  zoom(window: Window): void {
    const rangeMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, window.toMs - window.fromMs));
    this.zooms.push(this.held);
    this.atMs = null;
    this.showAt((window.fromMs + window.toMs) / 2 - rangeMs / 2, rangeMs);
  }

  /** Zoom by a factor around an instant, by default the second shown or the middle. */
  zoomBy(factor: number, aroundMs?: number): void {
    const { fromMs, toMs } = this.chosen;
    const around = aroundMs ?? this.shownMs ?? (fromMs + toMs) / 2;
    const latest = this.newestMs || toMs;
    const to = Math.min(latest, around + (toMs - around) * factor);
    this.zoom({ fromMs: to - (toMs - fromMs) * factor, toMs: to });
  }

  /** Move the view by a part of itself; past now is live. */
  move(parts: number): void {
    const { fromMs, toMs } = this.chosen;
    const byMs = parts * (toMs - fromMs);
    if (parts > 0 && toMs + byMs >= this.newestMs) this.backToLive();
    else this.showAt(fromMs + byMs, toMs - fromMs);
  }

  /** Hold a window of whole seconds. */
  showAt(fromMs: number, rangeMs: number): void {
    const start = Math.round(fromMs / 1000) * 1000;
    const length = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.round(rangeMs / 1000) * 1000));
    this.show({ fromMs: start, toMs: start + length });
  }

  point(ms: number | null): void {
    const bound = ms === null ? null : Math.min(this.view.toMs, Math.max(this.view.fromMs, ms));
    this.pointerMs = bound === null ? null : this.grid.ms(Math.round(bound / this.stepMs));
  }

  /** Move the pointer, or the held second, by buckets. */
  pointBy(buckets: number): void {
    const ms = (this.shownMs ?? this.view.toMs) + buckets * this.stepMs;
    this.point(ms);
    this.movedByKey += 1;
    if (this.atMs === null) return;
    this.atMs = this.pointerMs;
    this.remember();
  }

  isolate(column: string, add: boolean): void {
    const has = this.only.includes(column);
    if (add) this.only = has ? this.only.filter((name) => name !== column) : [...this.only, column];
    else this.only = has && this.only.length === 1 ? [] : [column];
    this.remember();
  }

  /** A column's value at the second shown, NaN where there is none. Reads `viewRevision`. */
  value(column: string): number {
    void this.viewRevision;
    const ms = this.shownMs ?? (this.liveView ? this.newestMs || this.grid.ms(this.grid.newest) : this.view.toMs);
    return this.grid.at(this.grid.index(column), this.grid.slot(ms));
  }

  /** The gap that the second shown lies in; its ends are samples. Null outside of gaps. Reads `viewRevision`. */
  gap(): Window | null {
    void this.viewRevision;
    const found = this.shownMs === null ? null : this.grid.gapAround(this.grid.slot(this.shownMs), HEARD);
    if (found === null || found.before === null || found.after === null) return null;
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

  /** Read everything again after a failure. */
  retryTracks(): void {
    this.failures = {};
    if (this.samples !== null) this.samples.live = null;
    if (this.held === null) this.reload();
    else this.show(this.held, true);
  }

  private back(): void {
    const before = this.zooms.pop();
    if (before === null) this.backToLive();
    else if (before !== undefined) this.show(before);
  }

  private take(address: Address): void {
    this.host = address.host || this.host;
    this.rangeMs = address.rangeMs;
    this.held = address.window;
    this.atMs = address.atMs;
    this.only = address.only;
    this.display.take(address);
  }

  /** Show what an address says: a person went there, or back to it. */
  follow(address: Address): void {
    if (writeAddress({ ...address, host: address.host || this.host }) === writeAddress(this.address)) return;
    this.take(address);
    if (this.held === null) this.reload();
    else this.show(this.held);
  }

  protected begun(): void {
    if (this.held === null) return this.reload();
    this.heldSinceMs = Math.floor(Date.now() / 1000) * 1000;
    this.show(this.held);
  }

  protected behind(): void {
    if (!this.whole.has(this.held === null ? (this.samples?.live ?? this.grid) : this.grid)) this.retryTracks();
  }

  private reload(): void {
    this.remember();
    const samples = this.samples;
    if (samples === null) return;
    const stepMs = stepFor(this.rangeMs, this.widthPx, this.intervalMs);
    const toMs = this.newestMs > 0 ? this.newestMs : Math.floor(Date.now() / this.intervalMs) * this.intervalMs;
    const fresh = gridFor(this.columns, this.rangeMs, stepMs, toMs);
    const ready = samples.live;
    if (ready !== null && ready.stepMs === stepMs && ready.capacity === fresh.capacity && this.whole.has(ready)) {
      return this.use(ready);
    }
    samples.live = fresh;
    void this.present(samples, fresh, { fromMs: toMs - this.rangeMs, toMs });
  }

  // The answer is painted first: controls follow at once, what is drawn from samples after that frame.
  private change(): void {
    if (this.before !== null || this.samples === null) return;
    this.before = { view: this.view, live: this.liveView, shownMs: this.shownMs };
    afterPaint(() => {
      this.before = null;
      if (this.next !== null) this.swap(this.next);
    });
  }

  private show(window: Window, afresh = false): void {
    this.change();
    if (this.held === null) this.heldSinceMs = this.newestMs || Date.now();
    this.held = window;
    this.remember();
    const samples = this.samples;
    if (samples === null) return;
    const rangeMs = window.toMs - window.fromMs;
    const stepMs = stepFor(rangeMs, this.widthPx, this.intervalMs);
    const reaches = (grid: Grid | null): grid is Grid =>
      grid !== null && grid.stepMs === stepMs && this.whole.has(grid) && grid.covers(window.fromMs, window.toMs);
    const onHand = this.next ?? this.grid;
    if (!afresh && reaches(onHand) && onHand !== samples.live) return this.use(onHand);
    if (!afresh && reaches(samples.live)) {
      const kept = samples.live.copy();
      this.whole.add(kept);
      return this.use(kept);
    }
    void this.present(samples, gridFor(this.columns, rangeMs, stepMs, window.toMs), window, REST_MS);
  }

  private use(grid: Grid): void {
    this.load?.abort();
    this.load = null;
    this.loading = null;
    if (this.before === null) this.swap(grid);
    else this.next = grid;
  }

  private swap(grid: Grid): void {
    this.next = null;
    this.grid = grid;
    this.stepMs = grid.stepMs;
    this.altered(grid);
  }

  // The old picture stays until the new one is read.
  private async present(samples: Samples, grid: Grid, window: Window, restMs = 0): Promise<void> {
    this.load?.abort();
    const load = new AbortController();
    this.load = load;
    const words = setTimeout(() => {
      if (!load.signal.aborted) this.loading = readingWords(window.toMs - window.fromMs);
    }, LOADING_AFTER_MS + restMs);
    if (restMs > 0) await new Promise((go) => setTimeout(go, restMs));
    const reading = load.signal.aborted ? null : await this.fill(samples, grid, window, load.signal);
    clearTimeout(words);
    if (reading === null || load.signal.aborted) return;
    this.loading = null;
    if (!reading.answered) return;
    this.failures = reading.failures;
    if (Object.keys(reading.failures).length === 0) this.whole.add(grid);
    this.use(grid);
  }

  /** The view as an address has it. */
  get address(): Address {
    return { host: this.host, rangeMs: this.rangeMs, window: this.held, atMs: this.atMs, only: this.only, ...this.display.address };
  }

  /** The view as the query of a link to another page; "" where that page shows no view. */
  viewQuery(path: string): string {
    const address = showsView(path) ? writeAddress(this.address) : "";
    return address.includes("?") ? address.slice(address.indexOf("?")) : "";
  }

  /** Write the view into the address, after the paint that shows it: browsers take milliseconds for it. */
  remember(): void {
    if (this.remembering) return;
    this.remembering = true;
    afterPaint(() => {
      this.remembering = false;
      this.write();
    });
  }

  private write(): void {
    if (this.host === "" || !showsView(location.pathname)) return;
    const path = writeAddress(this.address, location.pathname, location.search);
    if (path !== location.pathname + location.search) history.replaceState(history.state, "", path);
  }
}
