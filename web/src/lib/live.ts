// The live stream: one EventSource, and what the page must know of it. Reconnects with a countdown that a person can
// see and cut short; tells a lost session from a lost server. Knows nothing of tracks.

import type { Labels } from "./expressions";

export type Connection =
  | { kind: "opening" }
  | { kind: "open" }
  | { kind: "waiting"; retryAtMs: number }
  | { kind: "signed-out" }
  | { kind: "paused" };

export interface LiveEvents {
  /** The series of each expression; comes first, and again when they change. */
  schema: (expressions: Labels[][]) => void;
  /** One tick: its instant and the values of all series, in the schema's order; null is absent. */
  row: (timestampMs: number, values: (number | null)[]) => void;
  changed: (connection: Connection) => void;
  /** Whether the session still stands: asked when the stream breaks. False ends all tries. */
  session: () => Promise<"good" | "gone" | "unknown">;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
/** No event for so long on an open stream: the way is dead though nobody said so. */
const SILENCE_MS = 20_000;

export class Live {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private waitMs = FIRST_WAIT_MS;

  constructor(
    private readonly expressions: readonly string[],
    private readonly events: LiveEvents,
  ) {}

  open(): void {
    this.close();
    this.events.changed({ kind: "opening" });
    const query = new URLSearchParams(this.expressions.map((promql) => ["expr", promql]));
    const source = new EventSource(`/api/barograph/v1/live?${query}`);
    this.source = source;
    source.addEventListener("open", () => this.heard());
    source.addEventListener("schema", (event) => {
      this.heard();
      this.waitMs = FIRST_WAIT_MS;
      const { exprs } = JSON.parse((event as MessageEvent<string>).data) as { exprs: Labels[][] };
      this.events.schema(exprs);
      this.events.changed({ kind: "open" });
    });
    source.addEventListener("row", (event) => {
      this.heard();
      const [timestampMs, ...values] = JSON.parse((event as MessageEvent<string>).data) as [number, ...(number | null)[]];
      this.events.row(timestampMs, values);
    });
    source.addEventListener("ping", () => this.heard());
    source.addEventListener("error", () => void this.broken(source));
    this.heard();
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.source?.close();
    this.source = null;
  }

  /** Nobody looks: let the server send nothing. */
  pause(): void {
    this.close();
    this.events.changed({ kind: "paused" });
  }

  private heard(): void {
    clearTimeout(this.watch);
    const source = this.source;
    if (source !== null) this.watch = setTimeout(() => void this.broken(source), SILENCE_MS);
  }

  private async broken(source: EventSource): Promise<void> {
    if (this.source !== source) return;
    this.close();
    const waitMs = this.waitMs;
    this.waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    this.timer = setTimeout(() => this.open(), waitMs);
    this.events.changed({ kind: "waiting", retryAtMs: Date.now() + waitMs });
    if ((await this.events.session()) === "gone") {
      this.close();
      this.events.changed({ kind: "signed-out" });
    }
  }
}
