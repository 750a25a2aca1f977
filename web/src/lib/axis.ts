// The vertical axes: maxima that go 1-2-5, and that do not breathe while live. Pure but for what CalmMaximum remembers.

const SHRINK_AFTER_MS = 60_000;

/** The smallest 1, 2 or 5 times a power of ten that holds a value, and at least `floor`. */
export function roundMaximum(value: number, floor: number): number {
  const wanted = Math.max(floor, Number.isFinite(value) ? value : 0);
  const power = 10 ** Math.floor(Math.log10(wanted));
  // 1e-9: 0.1 + 0.2 must not ask for the next step
  const steps = [1, 2, 5, 10].map((step) => step * power);
  return steps.find((step) => step >= wanted * (1 - 1e-9)) ?? 10 * power;
}

/** A maximum that grows at once and shrinks only after a minute below half. */
export class CalmMaximum {
  private shown = 0;
  private belowHalfSinceMs: number | null = null;

  constructor(private readonly floor: number) {}

  /** The maximum to draw with at `nowMs`, given the highest value in view. */
  next(highest: number, nowMs: number): number {
    const wanted = roundMaximum(highest, this.floor);
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

/** Where a stack's axis has labels: 0, middle and maximum of a fixed scale, in round steps below an odd maximum. */
export function stackSplits(maximum: number): number[] {
  const step = roundMaximum(maximum / 4, Number.MIN_VALUE);
  const found = [];
  for (let value = 0; value < maximum - step * 0.45; value += step) found.push(value);
  return [...found, maximum];
}
