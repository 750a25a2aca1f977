// The recorder: the verbs that change the view, and the reading of what a view needs. Parts of the page read it and call
// its verbs; it touches no DOM but the address.

import { type Address, readAddress, showsView, writeAddress } from "./address";
import type { TrackFailure, Window } from "./feed.svelte";
import { Display } from "./display.svelte";
import type { Grid } from "./grid";
import { replaceAddress } from "./parameters";
import type { Region } from "./regions";
import { afterPaint } from "./schedule";
import { type Samples, gridFor } from "./samples";
import { LONGEST_MS, SHORTEST_MS, stepFor } from "./steps";
import { TrackList } from "./tracklist.svelte";
import { View } from "./view.svelte";
import { reading as readingWords } from "./words";

export type { TrackFailure, Window };

const LOADING_AFTER_MS = 200;
/** A view that is being dragged asks only once it rests. */
const REST_MS = 120;
/** An address that the browser did not take is written again after so long. */
const ADDRESS_AGAIN_MS = 2000;

/** How long a view is that should be so long: in whole seconds. */
const bounded = (rangeMs: number): number => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.round(rangeMs / 1000) * 1000));

export class Recorder extends View {
  /** Columns drawn alone; empty: all. */
  only = $state.raw<readonly string[]>([]);
  /** The words of a load that takes longer than a blink. */
  loading = $state<string | null>(null);
  /** Alerts and limits over the tracks: whoever knows them sets them. */
  regions = $state.raw<readonly Region[]>([]);
  /** Why there was no data until an instant: whoever knows what happened sets it. */
  gapReason = $state.raw<(gap: Window) => string | null>(() => null);
  readonly display = new Display();
  readonly list = new TrackList(this);
  /** Whether the address that was shown last named a second and no window around it. */
  cameAlone = false;
  /** Rises with every move of the pointer by key. */
  movedByKey = $state(0);

  /** The views before each zoom; null is live. */
  private zooms: (Window | null)[] = [];
  /** Whether the click on a second is all that holds the view. */
  private heldByClick = false;
  private remembering = false;
  private load: AbortController | null = null;
  /** Samples that wait with it. */
  private next: Grid | null = null;

  /** Begin: read the address, ask who this is, load the view, follow it live. */
  async start(): Promise<void> {
    this.take(readAddress(location.pathname, location.search));
    setInterval(() => {
      this.nowMs = Date.now();
      this.upMs = performance.now();
    }, 500);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.live?.pause() : this.live?.open()));
    await this.begin();
  }

  setRange(rangeMs: number): void {
    this.change();
    this.zooms = [];
    this.point(null);
    this.rangeMs = rangeMs;
    if (this.held === null) return this.reload();
    const centre = this.atMs ?? (this.held.fromMs + this.held.toMs) / 2;
    this.showAt(Math.min(centre - rangeMs / 2, (this.newestMs || this.held.toMs) - rangeMs), rangeMs);
  }

  /** Back to live; the samples on hand are used where they reach. */
  backToLive(rangeMs = this.rangeMs): void {
    this.change();
    this.rangeMs = rangeMs;
    this.held = null;
    this.atMs = null;
    this.zooms = [];
    this.heldByClick = false;
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
      this.heldByClick = true;
    }
    this.atMs = ms;
    this.remember();
  }

  /** One step back: the held second, the pointer that a key had moved, what is expanded, the isolated series, then the zoom. */
  letGo(): void {
    if (this.atMs !== null) {
      this.atMs = null;
      if (this.pointedByKey) this.point(null);
      // a view that only the click had held goes on
      if (this.heldByClick) this.back();
    } else if (this.pointedByKey) return this.point(null);
    else if (this.display.close()) return;
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

  /** Show a part, or more; `further` where it is one movement with the zoom before, and one step back. */
  zoom(window: Window, further = false): void {
    const rangeMs = bounded(window.toMs - window.fromMs);
    if (!further) this.zooms.push(this.held);
    this.showAt((window.fromMs + window.toMs) / 2 - rangeMs / 2, rangeMs);
  }

  /** Zoom by a factor around an instant, by default the second shown or the middle. */
  zoomBy(factor: number, aroundMs?: number, further = false): void {
    const { fromMs, toMs } = this.chosen;
    const around = aroundMs ?? this.shownMs ?? (fromMs + toMs) / 2;
    const latest = this.newestMs || toMs;
    const to = Math.min(latest, around + (toMs - around) * factor);
    this.zoom({ fromMs: to - (toMs - fromMs) * factor, toMs: to }, further);
  }

  /** Move the view by a part of itself; past now is live, as long as it was. */
  move(parts: number): void {
    const { fromMs, toMs } = this.chosen;
    const byMs = parts * (toMs - fromMs);
    if (parts > 0 && toMs + byMs >= this.newestMs) this.backToLive(bounded(toMs - fromMs));
    else this.showAt(fromMs + byMs, toMs - fromMs);
  }

  /** Hold a window that a hand moves or stretches: it ends now at the latest. */
  drag(fromMs: number, rangeMs: number): void {
    const length = bounded(rangeMs);
    this.showAt(Math.min(fromMs, this.presentMs() - length), length);
  }

  /** Hold a window of whole seconds. A second that was held stays so while it is in sight. */
  showAt(fromMs: number, rangeMs: number): void {
    const start = Math.round(fromMs / 1000) * 1000;
    const window = { fromMs: start, toMs: start + bounded(rangeMs) };
    if (this.atMs !== null && !this.near(this.atMs, window)) this.atMs = null;
    this.heldByClick = false;
    this.show(window);
  }

  point(ms: number | null): void {
    this.pointedByKey = false;
    const bound = ms === null ? null : Math.min(this.view.toMs, Math.max(this.view.fromMs, ms));
    this.pointerMs = bound === null ? null : this.grid.ms(Math.round(bound / this.stepMs));
  }

  /** Move the pointer, or the held second, by buckets. */
  pointBy(buckets: number): void {
    const ms = (this.shownMs ?? this.view.toMs) + buckets * this.stepMs;
    this.point(ms);
    this.pointedByKey = true;
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

  /** Read everything again after a failure. */
  retryTracks(): void {
    this.failures = {};
    if (this.samples?.live) this.samples.live.filled = false;
    if (this.held === null) this.reload();
    else this.show(this.held, true);
  }

  // What the view left behind is pointed at no longer.
  protected override altered(grid: Grid | null): void {
    super.altered(grid);
    if (this.pointerMs !== null && !this.near(this.pointerMs, this.view)) this.point(null);
  }

  /** Whether an instant lies in a window, or in the bucket beside it. */
  private near(ms: number, { fromMs, toMs }: Window): boolean {
    return ms >= fromMs - this.stepMs && ms <= toMs + this.stepMs;
  }

  private back(): void {
    this.heldByClick = false;
    const before = this.zooms.pop();
    if (before === null) this.backToLive();
    else if (before !== undefined) this.show(before);
  }

  private take(address: Address): void {
    this.host = address.host || this.host;
    this.rangeMs = address.rangeMs;
    this.held = address.window;
    this.cameAlone = address.alone === true;
    this.atMs = address.atMs;
    this.heldByClick = false;
    this.only = address.only;
    this.display.take(address);
  }

  /** Show what an address says: a person went there, or back to it. */
  follow(address: Address): void {
    // also where it is the view that is there: a window that stands in the address is to be kept
    this.cameAlone = address.alone === true;
    if (writeAddress({ ...address, host: address.host || this.host }) === writeAddress(this.address)) return;
    const wasHeld = this.held !== null;
    this.take(address);
    if (this.held === null) return this.reload();
    if (!wasHeld) this.heldNow();
    this.show(this.held);
  }

  protected begun(): void {
    // also beside a held view: figures of now are of the newest row
    if (this.samples !== null) this.samples.live = this.liveGrid();
    if (this.held === null) return this.reload();
    this.heldSinceMs = Math.floor(Date.now() / 1000) * 1000;
    this.show(this.held);
  }

  protected behind(): void {
    const there = this.held === null ? (this.samples?.live?.whole ?? false) : this.reaches(this.next ?? this.grid, this.held);
    if (this.unread || !there) this.retryTracks();
  }

  protected setBack(): void {
    if (this.samples !== null) this.samples.live = this.liveGrid();
    if (this.held === null) this.reload();
  }

  private presentMs(): number {
    return this.newestMs > 0 ? this.newestMs : Math.floor(Date.now() / this.intervalMs) * this.intervalMs;
  }

  /** An empty grid for the live range, that ends now. */
  private liveGrid(): Grid {
    return gridFor(this.columns, this.rangeMs, stepFor(this.rangeMs, this.widthPx, this.intervalMs), this.presentMs());
  }

  /** Whether a grid has all of a window that has happened, at the step that it is drawn with. */
  private reaches(grid: Grid | null, { fromMs, toMs }: Window): grid is Grid {
    return grid !== null && grid.whole && grid.stepMs === stepFor(toMs - fromMs, this.widthPx, this.intervalMs) && grid.covers(fromMs, toMs);
  }

  private reload(): void {
    this.remember();
    const samples = this.samples;
    if (samples === null) return;
    samples.coming = null;
    const fresh = this.liveGrid();
    const ready = samples.live;
    if (ready !== null && ready.stepMs === fresh.stepMs && ready.capacity === fresh.capacity && ready.whole) return this.use(ready);
    samples.live = fresh;
    const toMs = this.presentMs();
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

  // What has arrived since a hold is counted from here.
  private heldNow(): void {
    this.heldSinceMs = this.newestMs || Date.now();
  }

  private show(window: Window, afresh = false): void {
    this.change();
    if (this.held === null) this.heldNow();
    this.held = window;
    this.remember();
    const samples = this.samples;
    if (samples === null) return;
    const onHand = this.next ?? this.grid;
    if (!afresh && this.reaches(onHand, window) && onHand !== samples.live) return this.use(onHand);
    samples.coming = null;
    if (!afresh && this.reaches(samples.live, window)) return this.use(samples.live.copy());
    const rangeMs = window.toMs - window.fromMs;
    const grid = gridFor(this.columns, rangeMs, stepFor(rangeMs, this.widthPx, this.intervalMs), window.toMs);
    // what of it is yet to come fills with the rows
    if (window.toMs > this.newestMs) samples.coming = grid;
    void this.present(samples, grid, window, REST_MS);
  }

  private use(grid: Grid): void {
    this.load?.abort();
    this.load = null;
    this.loading = null;
    this.unread = false;
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
    this.unread = false;
    const said = readingWords(window.toMs - window.fromMs);
    const words = setTimeout(() => {
      if (!load.signal.aborted) this.loading = said;
    }, LOADING_AFTER_MS + restMs);
    if (restMs > 0) await new Promise((go) => setTimeout(go, restMs));
    const reading = load.signal.aborted ? null : await this.fill(samples, grid, window, load.signal);
    clearTimeout(words);
    if (reading === null || load.signal.aborted) return;
    if (!reading.answered) {
      // still to be read: what is drawn is no answer to it
      this.unread = true;
      this.loading = said;
      return;
    }
    this.failures = reading.failures;
    grid.filled = Object.keys(reading.failures).length === 0;
    this.use(grid);
  }

  /** The view as an address has it. */
  get address(): Address {
    return { host: this.host, rangeMs: this.rangeMs, window: this.held, atMs: this.atMs, only: this.only, ...this.display.address };
  }

  /** The view as the query of a link to another page, by default with the second that is held; "" where it shows no view. */
  viewQuery(path: string, atMs = this.atMs): string {
    const address = showsView(path) ? writeAddress({ ...this.address, atMs }) : "";
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
    // a hand that drags for long writes more addresses than some browsers take: the last one must stand there in the end
    if (path !== location.pathname + location.search && !replaceAddress(path)) setTimeout(() => this.remember(), ADDRESS_AGAIN_MS);
  }
}
