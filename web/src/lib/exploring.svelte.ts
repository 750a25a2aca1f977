// The state of Explore: queries A, B, C, what each gave, how it is shown. The window is the recorder's. Asks the server; touches
// no DOM but the address.

import { Failure, ask } from "./api";
import { replaceAddress } from "./parameters";
import type { Recorder } from "./recorder.svelte";
import { type Labels, type Row, distinct, seriesText } from "./results";
import { stepFor } from "./steps";

export type Mode = "range" | "instant";

export interface ExplainedRead {
  selector: string;
  series: number;
  samples: number;
  tier_ms: number;
  head_samples: number;
  kept_samples: number;
  chunks_cached: number;
  chunks_decoded: number;
  duration_s: number;
}

export interface Explained {
  text: string;
  node: string;
  steps: number;
  series: number;
  points: number;
  duration_s: number;
  reads: ExplainedRead[];
  children: Explained[];
}

interface Answer {
  resultType: "matrix" | "vector" | "scalar" | "string";
  result: unknown;
  explain?: Explained;
}

export class Query {
  text = $state("");
  /** What was asked last; the text may have changed since. */
  asked = $state("");
  rows = $state.raw<readonly Row[]>([]);
  said = $state<string | null>(null);
  failure = $state.raw<Failure | null>(null);
  explain = $state.raw<Explained | null>(null);
  running = $state(false);
  hidden = $state(false);
  tookMs = $state(0);
  asking: AbortController | null = null;
  /** What the rows answer. */
  answered = "";
  /** Whether nobody answered when it was asked last. */
  missed = false;

  /** Nothing is known of it. */
  clear(): void {
    this.rows = [];
    this.explain = this.said = null;
    this.answered = "";
  }

  constructor(
    readonly letter: string,
    text: string,
  ) {
    this.text = text;
  }
}

const LETTERS = "ABCDEFGH";
const HISTORY = "barograph.queries";
const KEPT = 50;
const REFRESH_MS = 5000;
const MOST_POINTS = 1500;

const stored = (): string[] => {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(HISTORY) ?? "[]");
    return Array.isArray(found) ? [...new Set(found.filter((one) => typeof one === "string"))].slice(0, KEPT) : [];
  } catch {
    return []; // storage is refused, or holds something else
  }
};

/** Series of any answer, as rows; a string is no row. */
export function rowsOf(answer: Answer): Row[] {
  const row = (labels: Labels, pairs: readonly [number, string][]): Row => ({
    labels,
    times: Float64Array.from(pairs, ([seconds]) => seconds * 1000),
    values: Float64Array.from(pairs, ([, value]) => (value === "+Inf" ? Infinity : value === "-Inf" ? -Infinity : Number(value))),
  });
  if (answer.resultType === "matrix") return (answer.result as { metric: Labels; values?: [number, string][] }[]).map((one) => row(one.metric, one.values ?? []));
  if (answer.resultType === "vector") return (answer.result as { metric: Labels; value?: [number, string] }[]).map((one) => row(one.metric, one.value ? [one.value] : []));
  return answer.resultType === "scalar" ? [row({}, [answer.result as [number, string]])] : [];
}

const sameFailure = (a: Failure, b: Failure): boolean => a.kind === b.kind && a.message === b.message && JSON.stringify(a.spot) === JSON.stringify(b.spot);

export class Exploring {
  queries = $state<Query[]>([]);
  mode = $state<Mode>("range");
  explained = $state(false);
  /** The series drawn alone, by its id; "" for all. */
  only = $state("");
  history = $state.raw<readonly string[]>(stored());
  /** The window and step of what is drawn. */
  drawn = $state.raw<{ fromMs: number; toMs: number; stepMs: number }>({ fromMs: 0, toMs: 1, stepMs: 1 });

  readonly series = $derived.by(() =>
    this.queries
      .filter((query) => !query.hidden)
      .flatMap(({ letter, rows }) => {
        const ids = distinct(rows.map((row) => `${letter} ${seriesText(row.labels)}`));
        return rows.map((row, place) => ({ id: ids[place] ?? "", letter, row }));
      }),
  );

  constructor(private readonly recorder: Recorder) {
    this.take();
  }

  /** Take up what the address says. */
  take(): void {
    const parameters = new URLSearchParams(location.search);
    const texts = parameters.getAll("q");
    this.only = parameters.get("series") ?? "";
    if (texts.join("\n") === this.queries.map((query) => query.asked || query.text).join("\n") && this.queries.length > 0) return;
    this.mode = parameters.get("mode") === "instant" ? "instant" : "range";
    this.explained = parameters.get("explain") === "1";
    for (const query of this.queries) query.asking?.abort();
    this.queries = (texts.length === 0 ? [""] : texts).slice(0, LETTERS.length).map((text, place) => new Query(LETTERS[place] ?? "", text));
    for (const query of this.queries) query.asked = query.text.trim();
  }

  add(): void {
    const letter = [...LETTERS].find((one) => !this.queries.some((query) => query.letter === one));
    if (letter !== undefined) this.queries.push(new Query(letter, ""));
  }

  remove(query: Query): void {
    query.asking?.abort();
    this.queries = this.queries.filter((one) => one !== query);
    if (this.queries.length === 0) this.queries = [new Query("A", "")];
    this.remember();
  }

  /** Ask what a person wrote. */
  run(query: Query): void {
    query.asked = query.text.trim();
    if (query.asked !== "") this.keep(query.asked);
    this.remember();
    void this.read(query);
  }

  /** Ask everything again over the window of the view; `unhurried`: but what is being answered, so that a dear query ends. */
  async refresh(unhurried = false): Promise<void> {
    await Promise.all(this.queries.filter((query) => !unhurried || !query.running).map((query) => this.read(query)));
  }

  /** Ask what nobody answered, once somebody does. */
  again(): void {
    for (const query of this.queries) if (query.missed) void this.read(query);
  }

  /** Nobody looks any longer. */
  end(): void {
    for (const query of this.queries) query.asking?.abort();
  }

  /** How long a live picture lasts. */
  get everyMs(): number {
    return Math.max(REFRESH_MS, this.stepMs);
  }

  private get stepMs(): number {
    const least = stepFor(this.recorder.viewRangeMs, this.recorder.widthPx, this.recorder.intervalMs);
    return Math.max(least, Math.ceil(this.recorder.viewRangeMs / MOST_POINTS / 1000) * 1000);
  }

  private async read(query: Query): Promise<void> {
    query.asking?.abort();
    query.missed = false;
    if (query.asked === "") {
      query.clear();
      query.failure = null;
      query.running = false;
      return;
    }
    const text = query.asked;
    const asking = new AbortController();
    query.asking = asking;
    query.running = true;
    const began = performance.now();
    const stepMs = this.stepMs;
    const toMs = Math.floor(this.recorder.view.toMs / stepMs) * stepMs;
    const fromMs = toMs - Math.floor(this.recorder.viewRangeMs / stepMs) * stepMs;
    const times: Record<string, string> = this.mode === "range" ? { start: String(fromMs / 1000), end: String(toMs / 1000), step: String(stepMs / 1000) } : { time: String((this.recorder.atMs ?? toMs) / 1000) };
    const body = new URLSearchParams({ query: query.asked, ...times, ...(this.explained ? { explain: "1" } : {}) });
    try {
      const answer = await ask<Answer>(`/api/v1/query${this.mode === "range" ? "_range" : ""}`, { method: "POST", body, signal: asking.signal });
      if (asking.signal.aborted) return;
      query.rows = rowsOf(answer);
      query.answered = text;
      // what is wrong is taken away by what is right: a query that stays wrong says so once
      query.failure = null;
      query.said = answer.resultType === "string" ? String((answer.result as [number, string])[1]) : null;
      query.explain = answer.explain ?? null;
      query.tookMs = performance.now() - began;
      this.drawn = { fromMs, toMs, stepMs };
    } catch (error) {
      if (asking.signal.aborted) return;
      const failure = error instanceof Failure ? error : new Failure("failed", "the page does not understand the answer");
      query.missed = failure.kind === "unreachable" || failure.kind === "signed-out";
      // a connection that is gone is told by the bar, and charts hold
      const holds = query.missed && query.answered === text;
      if (!holds) query.clear();
      if (holds) query.failure = null;
      else if (query.failure === null || !sameFailure(query.failure, failure)) query.failure = failure;
    }
    query.running = false;
  }

  private keep(text: string): void {
    this.history = [text, ...this.history.filter((one) => one !== text)].slice(0, KEPT);
    try {
      localStorage.setItem(HISTORY, JSON.stringify(this.history));
    } catch {
      // the history then lasts as long as the page
    }
  }

  /** Write queries and modes into the address, beside the view, which the recorder writes. */
  remember(): void {
    const parameters = new URLSearchParams(location.search);
    for (const name of ["q", "mode", "explain", "series"]) parameters.delete(name);
    for (const query of this.queries) if (query.asked !== "") parameters.append("q", query.asked);
    if (this.mode === "instant") parameters.set("mode", "instant");
    if (this.explained) parameters.set("explain", "1");
    if (this.only !== "") parameters.set("series", this.only);
    const query = parameters.toString().replaceAll("%3A", ":");
    replaceAddress(`/explore${query === "" ? "" : `?${query}`}`);
  }
}
