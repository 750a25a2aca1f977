// The day strip's samples: the host's worst pressure, one value a minute over 24 h, or the worst minute of each half hour
// over 30 d. Asks for what is new only.

import { type Failure, ownFailure } from "./api";
import { queryOver, worstPressure } from "./host";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface Scale {
  text: string;
  rangeMs: number;
  stepMs: number;
}

export const DAY: Scale = { text: "24\u00a0h", rangeMs: DAY_MS, stepMs: MINUTE_MS };
export const MONTH: Scale = { text: "30\u00a0d", rangeMs: 30 * DAY_MS, stepMs: HOUR_MS / 2 };

/** Which of the two shows a view: the day as long as it holds it. */
export function scaleFor(view: { fromMs: number; toMs: number }, nowMs: number): Scale {
  const old = view.fromMs < nowMs - DAY_MS - MINUTE_MS;
  return old || view.toMs - view.fromMs > DAY_MS ? MONTH : DAY;
}

/** Where a window that is dragged or resized may lie: within what has happened, at least ten seconds long. */
export function bounded(fromMs: number, toMs: number, latestMs: number, moved: "all" | "from" | "to"): { fromMs: number; toMs: number } {
  if (moved === "all") {
    const over = Math.max(0, toMs - latestMs);
    return { fromMs: fromMs - over, toMs: toMs - over };
  }
  if (moved === "from") return { fromMs: Math.min(fromMs, toMs - 10_000), toMs };
  return { fromMs, toMs: Math.min(latestMs, Math.max(toMs, fromMs + 10_000)) };
}

export class DayPressure {
  /** Percent a step up to `endMs`; NaN where there is none. */
  values = $state.raw<Float64Array>(new Float64Array());
  endMs = $state(0);
  scale = $state.raw<Scale>(DAY);

  /** Why it is not known anew. */
  failure = $state.raw<Failure | null>(null);

  /** Which question is the last: a late answer to one before it counts no more. */
  private turn = 0;

  /** Read what is missing up to an instant. */
  async read(host: string, scale: Scale, nowMs: number): Promise<void> {
    const turn = ++this.turn;
    const { stepMs, rangeMs } = scale;
    const endMs = Math.floor(nowMs / stepMs) * stepMs;
    const count = rangeMs / stepMs;
    const kept = scale === this.scale && this.endMs > 0 && endMs >= this.endMs && endMs - this.endMs < rangeMs ? this.values : null;
    if (kept !== null && endMs === this.endMs) return;
    // the newest step may have been read before it was whole
    const fromMs = kept === null ? endMs - rangeMs + stepMs : this.endMs;
    try {
      const [found] = await queryOver(worstPressure(host, stepMs), fromMs, endMs, stepMs);
      if (turn !== this.turn) return;
      const values = new Float64Array(count).fill(NaN);
      if (kept !== null) {
        const moved = (endMs - this.endMs) / stepMs;
        values.set(kept.subarray(moved));
      }
      for (const [ms, value] of found?.points ?? []) values[count - 1 - (endMs - ms) / stepMs] = value;
      [this.values, this.endMs, this.scale] = [values, endMs, scale];
      this.failure = null;
    } catch (error) {
      // the strip stays as it was
      const failure = ownFailure(error);
      if (turn === this.turn) this.failure = failure;
    }
  }
}
