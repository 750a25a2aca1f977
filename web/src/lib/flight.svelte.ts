// The state of the Processes page: which table is shown, in what order, whose history is open. The instant is the
// recorder's. Asks the server; touches no DOM but the address.

import { Failure } from "./api";
import { putParameters, readParameter } from "./parameters";
import { Playing, speedOf } from "./playing.svelte";
import type { Recorder } from "./recorder.svelte";
import { suspectOf } from "./suspect";
import { GROUPS, type GroupBy, type Process, type ProcessHistory, type WhoRow, type WhoTable, processCode, processOf, readCount, readHistory, readWho } from "./flightlog";
import { DEFAULT_SORT, type Sort, isWithin, rowKey, sortCode, sortOf, sorted } from "./whotable";

/** How much of a process' past and future its own history shows. */
const AROUND_MS = 180_000;
/** In a live view a history is read so often. */
const HISTORY_EVERY_MS = 3000;

const isSame = (one: Process | null, other: Process | null): boolean => one?.pid === other?.pid && one?.start === other?.start;

export class Flight {
  group = $state<GroupBy>("process");
  sort = $state.raw<Sort>(DEFAULT_SORT);
  /** Only the processes of this group, by its key; null for all. */
  within = $state<string | null>(null);
  /** The process whose history was asked for; "none" where it was closed by hand. */
  chosen = $state.raw<Process | "none" | null>(null);
  /** The table, and what its rows stand for: another grouping is asked for before it is there. */
  shown = $state.raw<{ table: WhoTable; group: GroupBy } | null>(null);
  /** How many processes there were, kept or not. */
  count = $state<number | null>(null);
  history = $state.raw<ProcessHistory | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Whether the recorder has nothing of the instant. */
  unrecorded = $state(false);
  historyFailure = $state.raw<Failure | null>(null);

  readonly playing: Playing;
  private asking: AbortController | null = null;
  private askingHistory: AbortController | null = null;
  /** The grouping of the live question that is on its way, and whether a second came meanwhile; null while none is. */
  private following: GroupBy | null = null;
  private behind = false;
  /** Whose history was asked for last, and when. */
  private historyOf: Process | null = null;
  private historyAt = -Infinity;
  private approached = false;

  /** Whether nothing was answered yet. */
  readonly begins = $derived.by(() => this.shown === null && this.failure === null && !this.unrecorded);
  readonly table = $derived.by(() => this.shown?.table ?? null);
  readonly isLive = $derived.by(() => this.recorder.atMs === null);
  /** The instant that the table stands for; 0 before the first second. */
  readonly atMs = $derived.by(() => this.recorder.atMs ?? this.recorder.endMs);
  /** Whether there is something to read and somebody who looks: a tab that was opened behind others reads once it is seen. */
  readonly due = $derived.by(() => this.atMs > 0 && this.recorder.host !== "" && this.recorder.connection.kind !== "paused");
  /** Whether nobody answered: it is asked again once somebody does. */
  readonly missed = $derived.by(() => this.failure?.kind === "unreachable" || this.failure?.kind === "signed-out");
  readonly rows = $derived.by<WhoRow[]>(() => {
    if (this.shown === null) return [];
    const within = this.shown.group === "process" ? this.within : null;
    const rows = sorted(this.shown.table, this.shown.group, this.sort);
    return within === null ? rows : rows.filter((row) => isWithin(row, within));
  });
  readonly suspect = $derived.by(() => {
    const found = this.table === null ? null : suspectOf(this.table);
    return found !== null && found.change.score > 0 ? found.row : null;
  });
  readonly suspectKey = $derived.by(() => (this.suspect === null || this.shown === null ? null : rowKey(this.suspect, this.shown.group)));
  /** Whose history is open: who was chosen, or in a held view, where there is room, the suspect. */
  readonly opened = $derived.by<Process | null>(() => {
    if (this.shown?.group !== "process" || this.chosen === "none") return null;
    if (this.chosen !== null) return this.chosen;
    const row = this.isLive || !this.roomy ? null : this.suspect;
    return row === null || row.pid === null || row.start === null ? null : { pid: row.pid, start: row.start };
  });

  constructor(
    private readonly recorder: Recorder,
    private readonly roomy: boolean,
  ) {
    this.playing = new Playing(
      // whoever goes back to live has ended it
      (ms) => this.recorder.held !== null && this.step(ms),
      () => this.asking !== null,
    );
  }

  /** Take up what the address says: at the start, and wherever a person moves to. */
  begin(): void {
    this.playing.stop();
    this.group = GROUPS.find((group) => group.code === readParameter("group"))?.code ?? "process";
    this.sort = sortOf(readParameter("sort"));
    this.within = readParameter("within");
    const pid = readParameter("pid");
    this.chosen = pid === "none" ? "none" : pid === null ? null : processOf(pid);
    this.playing.speed = speedOf(readParameter("speed"));
  }

  end(): void {
    this.playing.stop();
    this.asking?.abort();
    this.askingHistory?.abort();
  }

  /** An instant that came without a window is seen from near; one that came with a window keeps it. */
  approach(): void {
    const { atMs, rangeMs, host, cameAlone } = this.recorder;
    if (this.approached || host === "") return;
    this.approached = true;
    if (cameAlone && atMs !== null && rangeMs > 2 * AROUND_MS) this.recorder.showAt(atMs - AROUND_MS, 2 * AROUND_MS);
  }

  /** Write what the address should say: beside the view, which the recorder writes. */
  remember(): void {
    putParameters({
      group: this.group === "process" ? null : this.group,
      sort: this.sort.column === DEFAULT_SORT.column && this.sort.falling ? null : sortCode(this.sort),
      within: this.within,
      pid: this.chosen === null || this.chosen === "none" ? this.chosen : processCode(this.chosen),
      speed: this.playing.speed === 10 ? null : String(this.playing.speed),
    });
  }

  setGroup(group: GroupBy): void {
    this.group = group;
    this.within = null;
    this.chosen = null;
  }

  open(row: WhoRow): void {
    const group = this.shown?.group ?? this.group;
    if (group !== "process") {
      this.within = rowKey(row, group);
      this.group = "process";
      return;
    }
    if (row.pid === null || row.start === null) return;
    const same = this.opened?.pid === row.pid && this.opened.start === row.start;
    this.chosen = same ? "none" : { pid: row.pid, start: row.start };
  }

  close(): void {
    this.chosen = "none";
  }

  /** Move the held instant; a live view is held first. False where there is nothing after it. */
  step(ms: number): boolean {
    const recorder = this.recorder;
    const wanted = this.atMs + ms;
    const newest = recorder.newestMs || wanted;
    const atMs = Math.min(wanted, newest);
    if (this.atMs === 0) return false;
    recorder.holdSecond(atMs);
    // the instant stays in sight
    const { fromMs, toMs } = recorder.view;
    const edge = recorder.viewRangeMs / 10;
    if (atMs < fromMs + edge || (atMs > toMs - edge && toMs < newest)) {
      recorder.showAt(Math.min(atMs - recorder.viewRangeMs / 2, newest - recorder.viewRangeMs), recorder.viewRangeMs);
    }
    return wanted < newest;
  }

  /** Read the table of the instant. What was shown stays until then. */
  async read(atMs: number, group: GroupBy): Promise<void> {
    // live, an answer may take longer than a second: it is shown, and the newest second is asked for after it
    if (this.isLive && this.following === group) {
      this.behind = true;
      return;
    }
    this.asking?.abort();
    this.following = this.isLive ? group : null;
    this.behind = false;
    const asking = new AbortController();
    this.asking = asking;
    try {
      const [table, count] = await Promise.all([
        readWho(atMs, group, asking.signal),
        readCount(this.recorder.host, atMs, asking.signal).catch(() => null),
      ]);
      if (asking.signal.aborted) return;
      this.unrecorded = table === null;
      // what is said of an instant must not stand beside another's rows
      this.shown = table === null ? null : { table, group };
      this.count = count;
      this.failure = null;
    } catch (error) {
      if (asking.signal.aborted || !(error instanceof Failure)) return;
      this.failure = error;
      this.unrecorded = false;
      // a live view keeps its last second; what is held is another instant than that of the rows
      if (error.kind === "refused" || !this.isLive) this.shown = null;
    } finally {
      if (this.asking === asking) {
        this.asking = this.following = null;
        if (this.behind && this.isLive && !asking.signal.aborted) void this.read(this.atMs, this.group);
      }
    }
  }

  /** Read one process' own history around the instant. */
  async readHistory(who: Process | null, atMs: number): Promise<void> {
    const same = isSame(who, this.historyOf);
    if (!same) this.historyFailure = null;
    this.historyOf = who;
    if (who === null) {
      this.askingHistory?.abort();
      this.history = null;
      return;
    }
    if (same && this.isLive && (this.askingHistory !== null || performance.now() - this.historyAt < HISTORY_EVERY_MS)) return;
    this.askingHistory?.abort();
    const asking = new AbortController();
    this.askingHistory = asking;
    this.historyAt = performance.now();
    try {
      const history = await readHistory(who, atMs - AROUND_MS * (this.isLive ? 2 : 1), atMs + (this.isLive ? 0 : AROUND_MS), asking.signal);
      if (asking.signal.aborted) return;
      this.history = history;
      this.historyFailure = null;
    } catch (error) {
      if (asking.signal.aborted || !(error instanceof Failure)) return;
      this.historyFailure = error;
      this.historyAt = -Infinity;
      // what is there of another process is not the history of this one
      if (!isSame(who, this.history)) this.history = null;
    } finally {
      if (this.askingHistory === asking) this.askingHistory = null;
    }
  }
}
