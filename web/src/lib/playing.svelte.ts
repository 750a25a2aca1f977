// Playing the past: moves an instant on at some times the speed of time, as fast as answers come and no faster.

export type Speed = 1 | 10 | 60;
export const SPEEDS: readonly Speed[] = [1, 10, 60];

/** So often the instant moves; answers take a few milliseconds. */
const BEAT_MS = 250;

/** How far the instant moves after so long, in whole seconds; what is left over is carried on. */
export function advance(elapsedMs: number, speed: Speed, carriedMs: number): { stepMs: number; carriedMs: number } {
  const due = carriedMs + elapsedMs * speed;
  const stepMs = Math.floor(due / 1000) * 1000;
  return { stepMs, carriedMs: due - stepMs };
}

/** A speed as it stands in the address. */
export const speedOf = (code: string | null): Speed => SPEEDS.find((speed) => String(speed) === code) ?? 10;

export class Playing {
  on = $state(false);
  speed = $state<Speed>(10);
  private timer: ReturnType<typeof setInterval> | undefined;
  private beatAt = 0;
  private carriedMs = 0;

  /** `step` moves the instant; false says that there is nothing after it. `busy` tells whether its answer is awaited. */
  constructor(
    private readonly step: (ms: number) => boolean,
    private readonly busy: () => boolean,
  ) {}

  toggle(): void {
    if (this.on) this.stop();
    else this.start();
  }

  faster(): void {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length] ?? 10;
  }

  stop(): void {
    clearInterval(this.timer);
    this.on = false;
  }

  private start(): void {
    this.on = true;
    this.beatAt = performance.now();
    this.carriedMs = 0;
    this.timer = setInterval(() => this.beat(), BEAT_MS);
  }

  private beat(): void {
    const now = performance.now();
    // a slow answer slows the film: no instant is left out unseen
    const elapsedMs = Math.min(now - this.beatAt, 2 * BEAT_MS);
    if (this.busy()) return;
    this.beatAt = now;
    const { stepMs, carriedMs } = advance(elapsedMs, this.speed, this.carriedMs);
    this.carriedMs = carriedMs;
    if (stepMs > 0 && !this.step(stepMs)) this.stop();
  }
}
