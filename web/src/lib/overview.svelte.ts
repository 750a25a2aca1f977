// What the Overview knows beside the recorder's samples: the last minute, the disks, what happened in the view and who did
// it; and from all of it the sentence and the tiles. Asks only while somebody looks. Knows no DOM but that.

import { type Disk, disksOf, firstFull, freeExpression, fullestExpression, spaceExpression } from "./disks";
import { HEARD, SUMS } from "./expressions";
import { LOOK_BACK_MS } from "./filling";
import { type Episode, type Measured, type Resource, culprit, strongest } from "./happening";
import { Failure, ownFailure } from "./api";
import { AMOUNTS } from "./flightlog";
import { type ProcessRow, type Valued, of, processesAt, queryAll, queryOver, worstPressure } from "./host";
import type { Recorder } from "./recorder.svelte";
import { Calmly, type Happened, type OpenAlert, type Sentence, type Situation, sentence } from "./sentence";
import { highestAmong, peakWithin } from "./miniature";
import { type Peak, type Tile, tiles } from "./tiles";
import { clock, instant, localZone } from "./times";
import { duration } from "./numbers";

const MINUTE_EVERY_MS = 5_000;
const DISKS_EVERY_MS = 30_000;
const WEEK_EVERY_MS = 600_000;
const HAPPENING_EVERY_MS = 2_000;
const WHO_AGAIN_MS = 3_000;
/** The flight recorder's newest pass may be so old. */
const LATE_MS = 2_000;
const HOUR_MS = 3_600_000;
const BEFORE_MS = 60_000;
const SAME_MS = 15_000;
const SPACE = "tiles.space";
const RESOURCES: readonly Resource[] = ["io", "memory", "cpu"];

function minuteExpression(host: string): string {
  const named = (what: string, promql: string) => `label_replace(${promql}, "what", "${what}", "", "")`;
  const cpu = `100 * (1 - avg(rate(node_cpu_seconds_total${of(host, 'mode="idle"')}[1m])))`;
  return `${named("pressure", worstPressure(host, 60_000))} or ${named("cpu", cpu)}`;
}

const valueOf = (found: readonly Valued[], what: string): number | null =>
  found.find((one) => one.labels["what"] === what)?.value ?? null;

export class Overview {
  disks = $state.raw<readonly Disk[]>([]);
  /** Whether the filesystems were read at all. */
  disksKnown = $state(false);
  /** Why the filesystems, their week, or the last minute are not known anew. */
  failures = $state.raw<Readonly<Record<"disks" | "week" | "minute", Failure | null>>>({ disks: null, week: null, minute: null });
  alerts = $state.raw<readonly OpenAlert[]>([]);
  happened = $state.raw<Happened | null>(null);
  readonly zone = localZone();

  private minute = $state.raw<{ cpu: number | null; pressure: number | null } | null>(null);
  /** How many questions each part has asked, and which of them was answered last. */
  private readonly questions = { disks: 0, week: 0, minute: 0 };
  private readonly answered = { disks: 0, week: 0, minute: 0 };
  private week: Awaited<ReturnType<typeof queryOver>> = [];
  private readonly calmly = new Calmly();
  /** Whether it was looked for what happened in this view, and who did it. */
  private searched = $state(false);
  private episode: Episode | null = null;
  private askedWhoMs = 0;
  private lookedMs = 0;

  constructor(private readonly recorder: Recorder) {}

  private readonly newest = (column: string): number | null => this.recorder.newest(column)?.value ?? null;

  private readonly memory = $derived.by(() => {
    const total = this.newest("memory.total");
    const available = this.newest("memory.available");
    return total === null || available === null || total <= 0 ? null : { total, used: total - available };
  });

  private readonly situation = $derived.by<Situation>(() => ({
    begun: this.recorder.newestMs > 0 || this.recorder.held !== null,
    silentMs: this.recorder.silentMs,
    alerts: this.alerts,
    cpuMinute: this.minute?.cpu ?? null,
    pressureMinute: this.minute?.pressure ?? null,
    // of the last minute, as the verdict is: seconds would have the sentence say another figure each time
    cpu: this.minute?.cpu ?? null,
    memory: this.memory === null ? null : (100 * this.memory.used) / this.memory.total,
    memoryMoved: this.memoryMoved,
    happened: this.happened,
    filling: firstFull(this.disks),
    zone: this.zone,
    rangeMs: this.recorder.viewRangeMs,
  }));

  readonly sentence = $derived.by<Sentence>(() => {
    // what is not yet asked is not yet the sentence; a view that a person chose has its own at once
    const provisional = this.recorder.newestMs === 0 || this.minute === null || !this.searched;
    return this.calmly.next(sentence(this.situation), this.recorder.upMs, provisional);
  });

  readonly pressureNow = $derived.by<number | null>(() => {
    const known = RESOURCES.map((kind) => this.newest(`pressure.${kind}some`)).filter((value) => value !== null);
    return known.length === 0 ? null : Math.min(100, Math.max(...known));
  });

  /** The samples of the view that the sparklines show. */
  spans = $state.raw<Record<string, Float64Array>>({});
  /** The most within each of their buckets, where a bucket holds several samples and that is known. */
  highs: Readonly<Record<string, Float64Array>> = {};
  private spansFrom = { fromMs: 0, stepMs: 1000, wide: false };

  /** Read the spans anew: samples or the view changed. */
  measure(): void {
    const pressure = RESOURCES.map((kind) => this.span(`pressure.${kind}some`));
    const total = this.memory?.total ?? NaN;
    const wide = this.recorder.stepMs > this.recorder.intervalMs;
    this.spansFrom = { fromMs: this.recorder.view.fromMs, stepMs: this.recorder.stepMs, wide };
    // the kernel counts a little behind the clock: a second may seem to have had more than itself
    const worst = (spans: Float64Array[]) => highestAmong(...spans).map((value) => Math.min(100, value));
    this.highs = wide
      ? {
          cpu: this.span("cpu.busy:max"),
          pressure: worst(RESOURCES.map((kind) => this.span(`pressure.${kind}some:max`))),
          disk: this.span("tiles.disk:max"),
          network: this.span("tiles.network:max"),
        }
      : {};
    this.spans = {
      cpu: this.span("cpu.busy"),
      memory: this.span("memory.available").map((free) => 100 * (1 - free / total)),
      pressure: worst(pressure),
      disk: this.span("tiles.disk"),
      space: this.span(SPACE),
      network: this.span("tiles.network"),
    };
  }

  readonly tiles = $derived.by<Tile[]>(() => {
    const add = (a: number | null, b: number | null) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));
    const fullest = this.disks[0];
    const soon = firstFull(this.disks);
    const shown = this.disks.find((disk) => disk.mount === soon?.mount) ?? fullest;
    const silentMs = this.recorder.silentMs;
    return tiles({
      cpu: this.newest("cpu.busy"),
      memory: this.memory === null ? null : (100 * this.memory.used) / this.memory.total,
      memoryUsedBytes: this.memory?.used ?? null,
      memoryTotalBytes: this.memory?.total ?? null,
      pressure: this.pressureNow,
      disk: add(this.newest("disk.read"), this.newest("disk.write")),
      networkIn: this.newest("network.in"),
      networkOut: this.newest("network.out"),
      space: shown === undefined ? null : { mount: shown.mount, used: shown.used, freeBytes: shown.freeBytes, fillsInMs: soon?.inMs ?? null },
      cpuPeak: this.peak("cpu"),
      pressurePeak: this.peak("pressure"),
      diskPeak: this.peak("disk"),
      silent: silentMs === null ? null : `${duration(Math.floor(silentMs / 1000) * 1000)} ago`,
    });
  });

  /** How memory moved from the first tenth of the view to its last, in percent of the whole. */
  private readonly memoryMoved = $derived.by<number | null>(() => {
    const values = (this.spans["memory"] ?? new Float64Array()).filter((value) => !Number.isNaN(value));
    const tenth = Math.floor(values.length / 10);
    if (tenth < 3) return null;
    const mean = (part: Float64Array) => part.reduce((sum, value) => sum + value, 0) / part.length;
    return mean(values.subarray(-tenth)) - mean(values.subarray(0, tenth));
  });

  /** Begin asking; gives what ends it. */
  start(): () => void {
    const leave = this.recorder.subscribe([
      { track: "tiles", promql: (ask) => fullestExpression(ask.host), column: () => SPACE },
      ...SUMS,
    ]);
    const every = (ms: number, work: () => Promise<void>) => {
      const run = () => {
        if (!document.hidden && this.recorder.host !== "" && this.recorder.connection.kind === "open") void work().catch(onlyFailures);
      };
      const timer = setInterval(run, ms);
      return () => clearInterval(timer);
    };
    const ends = [leave, every(MINUTE_EVERY_MS, () => this.readMinute()), every(DISKS_EVERY_MS, () => this.readDisks()), every(WEEK_EVERY_MS, () => this.readWeek())];
    return () => ends.forEach((end) => end());
  }

  /** Once there is a host, and again when a connection comes back. */
  async begin(): Promise<void> {
    await Promise.all([this.readMinute(), this.readWeek()]).catch(onlyFailures);
  }

  /** Look for what happened in the view; called when samples or the view changed. */
  look(afresh: boolean): void {
    const nowMs = performance.now();
    if (!afresh && nowMs - this.lookedMs < HAPPENING_EVERY_MS) return;
    this.lookedMs = nowMs;
    if (afresh) this.searched = false;
    if (this.recorder.newestMs === 0) return;
    const { fromMs, toMs } = this.recorder.view;
    const spans = Object.fromEntries(RESOURCES.map((kind) => [kind, this.recorder.span(`pressure.${kind}some`, fromMs, toMs)]));
    const found = strongest(spans);
    const before = this.episode;
    this.episode = found;
    if (found === null) {
      this.happened = null;
      this.searched = true;
      return;
    }
    const same = before !== null && sameAs(before, found);
    const known = same ? this.happened : null;
    if (known !== null) this.happened = told(found, known.who);
    const again = known?.who === null && found.ongoing && nowMs - this.askedWhoMs >= WHO_AGAIN_MS;
    if (same && !again) {
      this.searched = true;
      return;
    }
    this.askedWhoMs = nowMs;
    void this.findWho(found)
      .catch((error: unknown) => (onlyFailures(error), null))
      .then((who) => {
        // it is told once it is known who did it, so that it need not be told twice
        if (this.episode === null || !sameAs(found, this.episode)) return;
        this.happened = told(this.episode, who);
        this.searched = true;
      });
  }

  private async findWho(episode: Episode): Promise<string | null> {
    const amount = AMOUNTS[episode.resource];
    const asked = { by: episode.resource, group: "name" };
    const before = await this.rowsAt(episode.fromMs - BEFORE_MS, asked);
    const then = new Map((before ?? []).map((row) => [row.name, amount(row)]));
    const peakMs = await this.peakSecond(episode);
    // at its peak; where the flight recorder was late there, in its middle and near its end
    for (const atMs of new Set([peakMs, (episode.fromMs + episode.toMs) / 2, episode.toMs - LATE_MS])) {
      const rows = (await this.rowsAt(Math.round(atMs / 1000) * 1000, asked)) ?? [];
      const measured = rows.map<Measured>((row) => ({
        name: row.name,
        amount: amount(row),
        change: before === null ? null : amount(row) - (then.get(row.name) ?? 0),
      }));
      const who = culprit(measured);
      if (who !== null) return who;
    }
    return null;
  }

  // A bucket of minutes or hours is searched for its second.
  private async peakSecond(episode: Episode): Promise<number> {
    const stepMs = this.recorder.stepMs;
    if (stepMs <= 1000 || stepMs > HOUR_MS) return episode.peakMs;
    const series = `node_pressure_${episode.resource}_waiting_seconds_total${of(this.recorder.host)}`;
    const [found] = await queryOver(`rate(${series}[2s])`, episode.peakMs - stepMs, episode.peakMs, 1000);
    const points = found?.points ?? [];
    return points.reduce((best, point) => (point[1] > best[1] ? point : best), points[0] ?? [episode.peakMs, 0])[0];
  }

  /**
   * Whether the flight recorder may have anything of an instant: whether the host was heard in the minute before. Null
   * where the samples on hand do not say.
   */
  readonly recorded = (ms: number): boolean | null => {
    const { grid } = this.recorder;
    if (!grid.holds(grid.slot(ms))) return null;
    return this.recorder.span(HEARD, ms - BEFORE_MS, ms).values.some((value) => !Number.isNaN(value));
  };

  private async rowsAt(atMs: number, asked: Record<string, string>): Promise<ProcessRow[] | null> {
    return this.recorded(atMs) === false ? null : ((await processesAt(atMs, asked))?.rows ?? null);
  }

  readMinute(): Promise<void> {
    return this.told("minute", async () => {
      const found = await queryAll(minuteExpression(this.recorder.host));
      return () => (this.minute = { cpu: valueOf(found, "cpu"), pressure: valueOf(found, "pressure") });
    });
  }

  private readDisks(): Promise<void> {
    return this.told("disks", async () => {
      const found = await queryAll(spaceExpression(this.recorder.host));
      return () => {
        this.disks = disksOf(found, this.week);
        this.disksKnown = true;
      };
    });
  }

  /** The filesystems, and how they filled. */
  async readWeek(): Promise<void> {
    await this.told("week", async () => {
      const toMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
      const found = await queryOver(freeExpression(this.recorder.host), toMs - LOOK_BACK_MS, toMs, HOUR_MS);
      return () => (this.week = found);
    });
    await this.readDisks();
  }

  // what was known stays beside why it is not known anew
  private async told(part: keyof Overview["failures"], ask: () => Promise<() => void>): Promise<void> {
    const question = ++this.questions[part];
    let failure: Failure | null = null;
    let take = (): void => undefined;
    try {
      take = await ask();
    } catch (error) {
      failure = ownFailure(error);
    }
    // a later question was answered before this one
    if (question < this.answered[part]) return;
    this.answered[part] = question;
    take();
    if (failure !== this.failures[part]) this.failures = { ...this.failures, [part]: failure };
  }

  private span(column: string): Float64Array {
    return this.recorder.span(column, this.recorder.view.fromMs, this.recorder.view.toMs).values;
  }

  private peak(id: string): Peak | null {
    const found = peakWithin(this.spans[id] ?? new Float64Array(), this.highs[id] ?? new Float64Array());
    if (found === null) return null;
    const { fromMs, stepMs, wide } = this.spansFrom;
    const ms = (Math.ceil(fromMs / stepMs) + found.place) * stepMs;
    const day = this.recorder.viewRangeMs > 24 * HOUR_MS;
    return { value: found.value, ofMeans: wide && !found.exact, at: day ? instant(ms, this.recorder.viewRangeMs, this.zone) : clock(ms, this.zone, false) };
  }
}

const told = (episode: Episode, who: string | null): Happened => ({
  resource: episode.resource,
  who,
  fromMs: episode.fromMs,
  toMs: episode.toMs,
  ongoing: episode.ongoing,
});

/** Whether two findings are of one thing: its beginning may move a little as samples come. */
const sameAs = (a: Episode, b: Episode): boolean => a.resource === b.resource && Math.abs(a.fromMs - b.fromMs) <= SAME_MS;

// A question that fails leaves what was known; the connection's bar says what is wrong.
function onlyFailures(error: unknown): void {
  if (!(error instanceof Failure)) throw error;
}
