// The live stream: one connection, and what the page must know of it. Reconnects with a countdown that a person can
// see and cut short; tells a lost session from a lost server. Knows nothing of tracks.

import type { AlertsNow } from "./alerts";
import type { Labels, Question } from "./asking";
import { EventStream } from "./eventstream";

export type Connection =
  | { kind: "opening" }
  | { kind: "open" }
  /** By `performance.now`. */
  | { kind: "waiting"; retryAtMs: number }
  | { kind: "signed-out" }
  | { kind: "paused" };

export interface LiveEvents {
  /** The series of each question; comes first, and again when they change. */
  schema: (questions: readonly Question[], found: Labels[][], refused: readonly (string | null)[]) => void;
  /** One tick: its instant and the values of all series, in the schema's order; null is absent. */
  row: (timestampMs: number, values: (number | null)[]) => void;
  changed: (connection: Connection) => void;
  /** How alerts stand: at once, and whenever it changes. */
  alerts: (now: AlertsNow) => void;
  /** Whether the session still stands: asked when the stream breaks. False ends all tries. */
  session: () => Promise<"good" | "gone" | "unknown">;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
/** No event for so long on an open stream: the way is dead though nobody said so. */
const SILENCE_MS = 20_000;

export class Live {
  private source: EventStream | null = null;
  /** A stream that asks for more, until it speaks. */
  private next: EventStream | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private nextWatch: ReturnType<typeof setTimeout> | undefined;
  private waitMs = FIRST_WAIT_MS;

  private questions: readonly Question[] = [];

  constructor(
    private readonly promql: (question: Question) => string,
    private readonly events: LiveEvents,
  ) {}

  /** Ask for these from now on. An open stream goes on until the new one speaks, so that no row is missed. */
  ask(questions: readonly Question[]): void {
    this.questions = questions;
    if (this.source !== null) this.connect(this.source);
  }

  open(): void {
    this.close();
    this.events.changed({ kind: "opening" });
    this.connect(null);
  }

  private connect(before: EventStream | null): void {
    this.next?.close();
    const questions = this.questions;
    const form = new URLSearchParams(questions.map((question) => ["expr", this.promql(question)]));
    const source = new EventStream("/api/barograph/v1/live", form);
    if (before === null) this.source = source;
    else this.next = source;
    clearTimeout(this.nextWatch);
    if (before !== null) this.nextWatch = setTimeout(() => void this.broken(source), SILENCE_MS);
    source.on("open", () => this.heard(source));
    source.on("schema", (data) => {
      if (this.next === source) this.take(source);
      this.heard(source);
      this.waitMs = FIRST_WAIT_MS;
      const { exprs, errors } = JSON.parse(data) as { exprs: Labels[][]; errors?: (string | null)[] };
      this.events.schema(questions, exprs, errors ?? []);
      this.events.changed({ kind: "open" });
    });
    source.on("row", (data) => {
      if (this.source !== source) return;
      this.heard(source);
      const values = JSON.parse(data) as (number | null)[];
      this.events.row(values[0] ?? 0, values.slice(1));
    });
    source.on("alerts", (data) => {
      this.heard(source);
      this.events.alerts(JSON.parse(data) as AlertsNow);
    });
    source.on("ping", () => this.heard(source));
    source.on("error", () => void this.broken(source));
    this.heard(source);
  }

  private take(source: EventStream): void {
    clearTimeout(this.nextWatch);
    this.source?.close();
    this.source = source;
    this.next = null;
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    clearTimeout(this.nextWatch);
    this.source?.close();
    this.next?.close();
    this.source = this.next = null;
  }

  /** Nobody looks: let the server send nothing. */
  pause(): void {
    this.close();
    this.events.changed({ kind: "paused" });
  }

  private heard(source: EventStream): void {
    if (this.source !== source) return;
    clearTimeout(this.watch);
    this.watch = setTimeout(() => void this.broken(source), SILENCE_MS);
  }

  private async broken(source: EventStream): Promise<void> {
    // a stream that asks for more and is refused, or breaks, takes the old one with it: both are tried again
    if (this.source !== source && this.next !== source) return;
    this.close();
    const waitMs = this.waitMs;
    this.waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    this.timer = setTimeout(() => this.open(), waitMs);
    this.events.changed({ kind: "waiting", retryAtMs: performance.now() + waitMs });
    if ((await this.events.session()) === "gone") {
      this.close();
      this.events.changed({ kind: "signed-out" });
    }
  }
}
