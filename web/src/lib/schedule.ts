// Spreads drawing over frames: at most 8 ms of it in one, the rest in the next, so that no frame is late for a pointer.

const BUDGET_MS = 8;

const waiting = new Map<object, () => void>();
/** How long each owner's last drawing took, ms. */
const took = new WeakMap<object, number>();
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
  let before = start;
  for (const [owner, draw] of waiting) {
    // what took long the last time is not begun when little is left
    if (before > start && before - start + (took.get(owner) ?? 0) > BUDGET_MS) break;
    waiting.delete(owner);
    draw();
    const now = performance.now();
    took.set(owner, now - before);
    before = now;
  }
  if (waiting.size > 0) request();
}
