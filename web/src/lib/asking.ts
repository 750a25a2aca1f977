// How the page asks for a column: a question is written once and gives its PromQL for any step. Pure.
// At the collecting interval a window holds exactly what one instant needs, so that a missing sample stays a gap:
// ranges are open on the left, so `irate(x[2s])` sees two samples of a second, `last_over_time(x[1s])` one.

export type Labels = Record<string, string>;

/** A duration as PromQL writes it. */
export function promDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

const quoted = (text: string): string => JSON.stringify(text);

/** The selector of one host's own series, with further matchers. */
export function selector(host: string, ...matchers: string[]): string {
  return `{${[`job="node"`, `instance=${quoted(host)}`, ...matchers].join(",")}}`;
}

/** What lies under a bucket of a wide step: at most so many finer ones are looked at for its extremes. */
const MOST_FINER = 60;
const FINER_MS = [10_000, 60_000, 300_000, 3_600_000];

/** The step whose buckets give the extremes of wider ones: the interval itself, or that of a tier. */
export function finerStep(stepMs: number, intervalMs: number): number {
  if (stepMs / intervalMs <= MOST_FINER) return intervalMs;
  const found = FINER_MS.find((ms) => ms > intervalMs && stepMs % ms === 0 && stepMs / ms <= MOST_FINER);
  return found ?? stepMs;
}

/** Writes the selectors of one host for one step. */
export class Asking {
  constructor(
    readonly host: string,
    readonly stepMs: number,
    readonly intervalMs: number,
  ) {}

  /** Whether samples themselves are asked for, not buckets of several. */
  get raw(): boolean {
    return this.stepMs <= this.intervalMs;
  }

  /** The increase a second of a counter. */
  rate(name: string, ...matchers: string[]): string {
    const series = name + selector(this.host, ...matchers);
    return this.raw
      ? `irate(${series}[${promDuration(2 * this.intervalMs)}])`
      : `rate(${series}[${promDuration(this.stepMs + this.intervalMs)}])`;
  }

  /** A gauge that is collected at every interval; its mean over a wider step. */
  gauge(name: string, ...matchers: string[]): string {
    const series = name + selector(this.host, ...matchers);
    return this.raw
      ? `last_over_time(${series}[${promDuration(this.intervalMs)}])`
      : `avg_over_time(${series}[${promDuration(this.stepMs)}])`;
  }

  /** A gauge that is collected more seldom: the newest of the last five minutes. */
  latest(name: string, ...matchers: string[]): string {
    return name + selector(this.host, ...matchers);
  }

  at(stepMs: number): Asking {
    return new Asking(this.host, stepMs, this.intervalMs);
  }
}

export interface Question {
  /** The track, or other part of the page, that shows it; its errors stand there. */
  track: string;
  /** One expression; it may give many series. */
  promql: (ask: Asking) => string;
  /** The column that a series of the answer belongs to; null: to none. */
  column: (labels: Labels) => string | null;
  /** What several series of one column are: added (the default), or the highest counts. */
  join?: "sum" | "max";
  /** What a bucket of several samples shows: their mean (the default) or their maximum. */
  bucket?: "mean" | "max";
  /** Whether such a bucket has its minimum and maximum too, in the columns `<column>:min` and `<column>:max`, or the latter alone. */
  extremes?: boolean | "max";
}

export type Extreme = "" | ":min" | ":max";

export interface Asked {
  question: Question;
  promql: string;
  /** What is put behind the column's name. */
  suffix: Extreme;
}

/** What to ask the store so that a question's columns are filled at a step. */
export function asked(question: Question, ask: Asking): Asked[] {
  const finer = finerStep(ask.stepMs, ask.intervalMs);
  const over = (what: "min" | "max") =>
    `${what}_over_time((${question.promql(ask.at(finer))})[${promDuration(ask.stepMs)}:${promDuration(finer)}])`;
  const wide = !ask.raw;
  if (wide && question.bucket === "max") return [{ question, promql: over("max"), suffix: "" }];
  const mean: Asked = { question, promql: question.promql(ask), suffix: "" };
  if (!wide || !question.extremes) return [mean];
  const most: Asked = { question, promql: over("max"), suffix: ":max" };
  return question.extremes === "max" ? [mean, most] : [mean, { question, promql: over("min"), suffix: ":min" }, most];
}

/** Questions with the same key are one. */
export const keyOf = (question: Question): string => `${question.track}\n${question.promql(new Asking("", 1000, 1000))}`;

/** How two series of one column are one. */
export function join(question: Question, before: number, value: number): number {
  if (Number.isNaN(before)) return value;
  return question.join === "max" ? Math.max(before, value) : before + value;
}
