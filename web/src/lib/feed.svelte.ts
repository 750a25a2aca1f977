// What comes from the server: who it is, the connection, the live rows and the samples behind the view. `View` says
// what is seen of them. Parts of the page ask for columns here (`subscribe`) and read them (`span`, `newest`, `revision`,
// `viewRevision`).

import type { AlertsNow } from "./alerts";
import { Failure } from "./api";
import type { Question } from "./asking";
import { Columns } from "./columns";
import { CORE, HEARD } from "./expressions";
import { Grid } from "./grid";
import { type Connection, Live } from "./live";
import { Questions } from "./questions";
import { type Span, newestOf, spanOf } from "./ring";
import { type Failures, Samples, type TrackFailure } from "./samples";
import type { Bands } from "./steps";
import { type Status, readStatus } from "./status";
import { caughtUp } from "./words";

export type { TrackFailure };

export interface Window {
  fromMs: number;
  toMs: number;
}

const NOTICE_MS = 3000;
/** How often a page that is looked at asks how the server and its collectors are. */
const STATUS_MS = 10_000;
const FIRST_RETRY_MS = 3000;
/** How far back the first row of a stream looks for what came between the store's answer and it. */
const MEND_SLOTS = 3;
/** A tick that is so many intervals older than the newest is of a clock that was set back. */
const SET_BACK_SLOTS = 3;

export abstract class Feed {
  host = $state("");
  status = $state.raw<Status | null>(null);
  connection = $state.raw<Connection>({ kind: "opening" });
  /** The newest tick that arrived, milliseconds; 0 before the first. */
  newestMs = $state(0);
  /** Rises when samples changed, of the view or beside it. */
  revision = $state(0);
  /** Rises when the samples of the view changed: to a held one nothing comes. */
  viewRevision = $state(0);
  failures = $state.raw<Failures>({});
  notice = $state<string | null>(null);
  /** How alerts stand; null until the server has said so. */
  alerts = $state.raw<AlertsNow | null>(null);
  /** Rises when the server says how they stand: they changed, or a connection came back and what was asked meanwhile is missing. */
  alertsSaid = $state(0);
  nowMs = $state(Date.now());
  /** The present by a clock that nobody sets: ages are told by it. */
  upMs = $state(performance.now());
  /** When the newest row came, by `performance.now`. Not reactive. */
  rowAtMs = 0;

  /** The names of all columns that were ever asked for. */
  readonly columns = new Columns();
  /** The samples of the view. Not reactive: `viewRevision` is. */
  grid: Grid = new Grid(this.columns, 1000, 1);

  protected samples: Samples | null = null;
  protected live: Live | null = null;
  protected readonly questions = new Questions();
  /** Whether the view was asked for and nobody answered: what is drawn is another's, and is read again with the next row. */
  protected unread = false;
  private heardAtMs = $state(0);
  private brokeAtMs: number | null = null;
  private mendNext = true;
  private restreaming = false;
  /** What the stream refuses now, by track. */
  private refused: Failures = {};
  private retrying: ReturnType<typeof setTimeout> | undefined;
  private statusAtMs = 0;

  readonly intervalMs = $derived(this.status?.intervalMs ?? 1000);

  /** How long nothing was heard from the host, while connected; null while it is on time. */
  readonly silentMs = $derived.by<number | null>(() => {
    if (this.connection.kind !== "open" || this.newestMs === 0) return null;
    const ageMs = this.upMs - this.heardAtMs;
    return ageMs > 3 * this.intervalMs + 500 ? ageMs : null;
  });

  constructor() {
    this.questions.add(CORE);
  }

  /** All that is asked now. */
  get asked(): readonly Question[] {
    return this.questions.all;
  }

  /** The samples are there for the first time. */
  protected abstract begun(): void;
  /** Somebody answers again: what was asked while nobody did is missing. */
  protected abstract behind(): void;
  /** The host's clock was set back: what is live begins anew. */
  protected abstract setBack(): void;

  /**
   * Ask for columns: live from now on, and over the span of the view. Gives what ends it. Errors stand in `failures` under
   * the question's track. A question that others ask already costs nothing.
   */
  subscribe(questions: readonly Question[]): () => void {
    const fresh = this.questions.add(questions);
    if (fresh.length > 0) {
      this.restream();
      void this.fillIn(fresh);
    }
    let asked = true;
    return () => {
      if (asked && this.questions.remove(questions)) this.restream();
      asked = false;
    };
  }

  /** The samples of a column between two instants, at the step of the view. Reads `viewRevision`. */
  span(column: string, fromMs: number, toMs: number): Span {
    void this.viewRevision;
    return spanOf(this.grid, column, fromMs, toMs);
  }

  /** The newest live sample of a column, also while the view is held. Reads `revision`. */
  newest(column: string): { ms: number; value: number } | null {
    void this.revision;
    return newestOf(this.samples?.live ?? this.grid, column);
  }

  /** Which tracks have the band of their extremes. Reads `viewRevision`. */
  bands(): Bands {
    void this.viewRevision;
    return this.grid.bands;
  }

  /** Try now instead of when the countdown ends. */
  retry(): void {
    if (this.live === null) void this.begin();
    else this.live.open();
  }

  /** After signing in again elsewhere: go on with the view as it is. */
  resume(): void {
    this.connection = { kind: "opening" };
    this.retry();
  }

  protected async begin(): Promise<void> {
    // who tries by hand does not wait beside the countdown: each would go on with one of its own
    clearTimeout(this.retrying);
    try {
      this.status = await readStatus();
    } catch (error) {
      return this.offline(error);
    }
    if (this.live !== null) return;
    this.host ||= this.status.host;
    this.samples = new Samples(this.host, this.status.intervalMs, this.columns, () => this.changed({ kind: "signed-out" }));
    this.connect(this.samples);
    this.begun();
  }

  /** Read what a grid should hold of a window, also of questions that came meanwhile. */
  protected async fill(samples: Samples, grid: Grid, window: Window, signal: AbortSignal): Promise<{ failures: Failures; answered: boolean }> {
    const asked = this.questions.all;
    const reading = await samples.fill(grid, asked, window.fromMs - grid.stepMs, window.toMs, signal);
    const missed = this.questions.all.filter((question) => !asked.includes(question));
    if (missed.length === 0 || signal.aborted) return reading;
    const more = await samples.fill(grid, missed, window.fromMs - grid.stepMs, window.toMs, signal);
    return { failures: { ...reading.failures, ...more.failures }, answered: reading.answered && more.answered };
  }

  private async fillIn(questions: readonly Question[]): Promise<void> {
    const samples = this.samples;
    if (samples === null) return;
    const grids = [...new Set([this.grid, samples.live ?? this.grid])].filter((grid) => grid.newest >= 0);
    const read = async (grid: Grid) => {
      const failures = await this.refill(samples, grid, questions, grid.ms(grid.newest - grid.capacity + 1), grid.ms(grid.newest));
      this.failures = { ...this.failures, ...failures };
    };
    await Promise.all(grids.map(read));
    this.altered(this.grid);
  }

  // Until the answer is there, and for good where none comes, the grid lacks something: whoever needs all of it reads it anew.
  private async refill(samples: Samples, grid: Grid, questions: readonly Question[], fromMs: number, toMs: number): Promise<Failures> {
    grid.lacking += 1;
    const { failures, answered } = await samples.fill(grid, questions, fromMs, toMs, null);
    if (answered && Object.keys(failures).length === 0) grid.lacking -= 1;
    return failures;
  }

  // Parts that come and go in one turn ask for one new stream.
  private restream(): void {
    if (this.restreaming) return;
    this.restreaming = true;
    setTimeout(() => {
      this.restreaming = false;
      this.live?.ask(this.questions.all);
    });
  }

  private offline(error: unknown): void {
    if (error instanceof Failure && error.kind === "signed-out") this.connection = { kind: "signed-out" };
    else {
      this.connection = { kind: "waiting", retryAtMs: performance.now() + FIRST_RETRY_MS };
      clearTimeout(this.retrying);
      this.retrying = setTimeout(() => void (this.live === null && this.begin()), FIRST_RETRY_MS);
    }
  }

  private connect(samples: Samples): void {
    this.live = new Live((question) => samples.promql(question), {
      schema: (questions, found, refused) => this.arranged(samples, questions, found, refused),
      row: (timestampMs, values) => this.row(samples, timestampMs, values),
      changed: (connection) => this.changed(connection),
      alerts: (now) => {
        this.alerts = now;
        this.alertsSaid += 1;
      },
      session: () => this.session(),
    });
    this.live.ask(this.questions.all);
    if (document.hidden) this.live.pause();
    else this.live.open();
  }

  private arranged(
    samples: Samples,
    questions: readonly Question[],
    found: Parameters<Samples["arrange"]>[1],
    refused: readonly (string | null)[],
  ): void {
    samples.arrange(questions, found);
    const now: Failures = {};
    questions.forEach((question, place) => {
      const reason = refused[place];
      if (reason != null) now[question.track] = { kind: "refused", reason, promql: samples.promql(question) };
    });
    // what the stream refused at one tick and gives at the next is refused no longer
    const others = Object.entries(this.failures).filter(([track, failure]) => failure !== this.refused[track]);
    this.failures = { ...Object.fromEntries(others), ...now };
    this.refused = now;
  }

  private async session(): Promise<"good" | "gone" | "unknown"> {
    try {
      this.status = await readStatus();
      return "good";
    } catch (error) {
      return error instanceof Failure && error.kind === "signed-out" ? "gone" : "unknown";
    }
  }

  private changed(connection: Connection): void {
    if (connection.kind === "signed-out") this.live?.close();
    if (connection.kind === "waiting") this.brokeAtMs ??= this.newestMs;
    if (connection.kind === "open" && this.connection.kind === "open") return;
    if (connection.kind === "opening" || connection.kind === "paused") this.mendNext = true;
    if (connection.kind === "open") this.heardAtMs = performance.now();
    // while a broken stream is tried again the bar stays, so that it does not flicker
    const trying = connection.kind === "opening" && this.brokeAtMs !== null;
    this.connection = trying ? { kind: "waiting", retryAtMs: 0 } : connection;
  }

  private row(samples: Samples, timestampMs: number, values: readonly (number | null)[]): void {
    this.nowMs = Date.now();
    this.heardAtMs = this.upMs = this.rowAtMs = performance.now();
    if (this.rowAtMs - this.statusAtMs > STATUS_MS) {
      this.statusAtMs = this.rowAtMs;
      void this.session();
    }
    if (this.newestMs === 0 && !this.isBegun(samples, values)) return this.returned(timestampMs);
    // the host's clock was set back, and its instants come again
    if (timestampMs < this.newestMs - SET_BACK_SLOTS * this.intervalMs) {
      this.newestMs = timestampMs;
      this.setBack();
    }
    const lastMs = this.newestMs;
    const { live, coming } = samples;
    const lastBucket = live === null ? 0 : live.newest;
    samples.take(timestampMs, values);
    this.newestMs = Math.max(lastMs, timestampMs);
    this.altered(live);
    if (samples.coming !== null && samples.coming === this.grid) this.viewRevision += 1;
    this.returned(timestampMs);
    const missed = this.mendNext;
    this.mendNext = false;
    // what is read anew at this moment needs no mending
    if (live !== null && live === samples.live) this.mend(samples, live, lastMs, lastBucket, missed);
    if (coming !== null) this.mend(samples, coming, lastMs, coming.slot(lastMs || this.newestMs), missed);
  }

  // where the interval is long, ticks of the server's own series come before the host's first sample
  private isBegun(samples: Samples, values: readonly (number | null)[]): boolean {
    const stored = [samples.live, this.grid].some((grid) => grid !== null && newestOf(grid, HEARD) !== null);
    // of another host nothing need ever come
    return stored || values.some((value) => value !== null) || this.host !== this.status?.host;
  }

  // The first row after nobody had answered.
  private returned(timestampMs: number): void {
    const back = this.brokeAtMs !== null || this.unread;
    if (this.brokeAtMs !== null) this.say(caughtUp(this.brokeAtMs > 0 ? timestampMs - this.brokeAtMs : 0));
    this.brokeAtMs = null;
    if (back) this.behind();
  }

  // What arrived while nobody listened is read from the store, once; so is a wide bucket when it is complete, since this
  // page may have heard only part of it.
  private mend(samples: Samples, grid: Grid, lastMs: number, lastBucket: number, missed: boolean): void {
    const bucket = grid.slot(this.newestMs);
    const wide = grid.stepMs > this.intervalMs && bucket > lastBucket;
    if (!missed && !wide && this.newestMs - lastMs <= this.intervalMs) return;
    const since = Math.min(lastMs > 0 ? lastMs : this.newestMs, grid.ms(lastBucket));
    const toMs = wide && !missed ? grid.ms(bucket - 1) : this.newestMs;
    void this.refill(samples, grid, this.questions.all, since - MEND_SLOTS * grid.stepMs, toMs).then((failures) => {
      // a hole that is left tells why; of a bucket that was heard there is enough to show
      if (grid === this.grid && (!wide || missed)) this.failures = { ...this.failures, ...failures };
      this.altered(grid);
    });
  }

  /** Say that samples of a grid changed. */
  protected altered(grid: Grid | null): void {
    this.revision += 1;
    if (grid === this.grid) this.viewRevision += 1;
  }

  private say(words: string): void {
    this.notice = words;
    setTimeout(() => (this.notice = this.notice === words ? null : this.notice), NOTICE_MS);
  }
}
