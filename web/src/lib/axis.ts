// The vertical axes: maxima that go 1-2-5, and that do not breathe while live. Pure but for what CalmMaximum remembers.

const SHRINK_AFTER_MS = 60_000;

/** The smallest 1, 2 or 5 times a power of ten that holds a value, and at least `floor`. */
export function roundMaximum(value: number, floor: number): number {
  const wanted = Math.max(floor, Number.isNaN(value) ? 0 : Math.min(value, Number.MAX_VALUE));
  const power = 10 ** Math.floor(Math.log10(wanted));
  // 1e-9: 0.1 + 0.2 must not ask for the next step
  const steps = [1, 2, 5, 10].map((step) => step * power);
  const found = steps.find((step) => step >= wanted * (1 - 1e-9)) ?? 10 * power;
  // at the ends of what a number can be there is none
  return found > 0 && found < Infinity ? found : wanted;
}

/** A maximum that grows at once and shrinks only after a minute below half. */
export class CalmMaximum {
  private shown = 0;
  private belowHalfSinceMs: number | null = null;

  constructor(
    private readonly floor: number,
    /** Which maximum holds a value; 1-2-5 where nothing else is said. */
    private readonly round: (value: number, floor: number) => number = roundMaximum,
  ) {}

  /** The maximum to draw with at `nowMs`, given the highest value in view. */
  next(highest: number, nowMs: number): number {
    const wanted = this.round(highest, this.floor);
    if (wanted >= this.shown) return this.reset(wanted);
    if (highest >= this.shown / 2) {
      this.belowHalfSinceMs = null;
      return this.shown;
    }
    this.belowHalfSinceMs ??= nowMs;
    return nowMs - this.belowHalfSinceMs >= SHRINK_AFTER_MS ? this.reset(wanted) : this.shown;
  }

  /** Forget: another view is drawn. */
  reset(maximum = 0): number {
    this.shown = maximum;
    this.belowHalfSinceMs = null;
    return maximum;
  }
}

const MOST_LABELS = 4;

/** A step that divides the span into two or three; null where no round one does. */
function evenStep(span: number): number | null {
  const power = 10 ** Math.floor(Math.log10(span));
  const steps = [0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5].map((part) => part * power);
  const even = (step: number) => [2, 3].some((count) => Math.abs(span / step - count) < 1e-9);
  return steps.find(even) ?? null;
}

/** Where an axis has labels: its ends and round values between, four at most. */
export function splits(low: number, high: number): number[] {
  const even = evenStep(high - low);
  if (even !== null) return Array.from({ length: Math.round((high - low) / even) + 1 }, (_, i) => low + i * even);
  let step = roundMaximum((high - low) / 4, Number.MIN_VALUE);
  for (;;) {
    const found = [low];
    for (let value = (Math.floor(low / step) + 1) * step; value < high - step * 0.45; value += step) found.push(value);
    found.push(high);
    if (found.length <= MOST_LABELS) return found;
    step = roundMaximum(step * 1.01, Number.MIN_VALUE);
  }
}

/** The smallest of a few scales that holds a value; the last where none does. */
export function scaleOf(scales: readonly number[], value: number): number {
  return scales.find((scale) => scale >= value) ?? scales.at(-1) ?? value;
}
