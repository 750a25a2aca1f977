// Spreads drawing over frames: at most 8 ms of it in one, the rest in the next, so that no frame is late for a pointer.

const BUDGET_MS = 8;

const waiting = new Map<object, () => void>();
let asked = false;

/** Draw in a coming frame; what the same owner wanted drawn before is replaced. */
export function schedule(owner: object, draw: () => void): void {
  waiting.set(owner, draw);
  request();
}

/** The owner is gone. */
export function unschedule(owner: object): void {
  waiting.delete(owner);
}

function request(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(run);
}

function run(): void {
  asked = false;
  const start = performance.now();
  for (const [owner, draw] of waiting) {
    waiting.delete(owner);
    draw();
    if (performance.now() - start >= BUDGET_MS) break;
  }
  if (waiting.size > 0) request();
}
