// When work is done, so that the answer to an interaction is painted first: drawing is spread over frames, so that one takes at
// most 8 ms; what a view means for the rest of the page waits for that frame's paint; words and summaries wait for idle time.

/** Of a frame's 8 ms; handing the pixels on takes the rest. */
const SLICE_MS = 5;
/** What a drawing is taken to cost that was never done. */
const UNKNOWN_MS = 3;
/** How much of a dear drawing is remembered after a cheaper one. */
const FADES = 0.8;

const waiting = new Map<object, () => void>();
/** How long each owner's drawing may take, by its last ones, ms. */
const costs = new WeakMap<object, number>();
let asked = false;

/** Draw in the frame after the coming one; what the same owner wanted drawn before is replaced. */
export function schedule(owner: object, draw: () => void): void {
  waiting.set(owner, draw);
  if (asked) return;
  asked = true;
  // not in the frame that answers what a person did: that one is to be painted as soon as can be
  requestAnimationFrame(() => requestAnimationFrame(run));
}

/** The owner is gone. */
export function unschedule(owner: object): void {
  waiting.delete(owner);
}

function run(): void {
  const start = performance.now();
  let before = start;
  try {
    for (const [owner, draw] of waiting) {
      // what takes long is not begun when little is left
      const cost = costs.get(owner);
      if (before > start && before - start + (cost ?? UNKNOWN_MS) > SLICE_MS) break;
      waiting.delete(owner);
      draw();
      const now = performance.now();
      costs.set(owner, Math.max(now - before, FADES * (cost ?? 0)));
      before = now;
    }
  } finally {
    // also after a drawing that went wrong: the others go on
    asked = waiting.size > 0;
    if (asked) requestAnimationFrame(run);
  }
}

/** No frame comes in a tab that is not seen: then it does not wait for one. */
const NO_FRAME_MS = 100;

/** Work once the coming frame is painted. */
export function afterPaint(work: () => void): void {
  let waits = true;
  const once = () => {
    if (!waits) return;
    waits = false;
    work();
  };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, NO_FRAME_MS);
}

/** Idle work is done at last after so long. */
const LATEST_MS = 400;
/** What has less left than this begins nothing more. */
const LEAST_IDLE_MS = 2;

const idle = new Map<object, () => void>();
let idleAsked = false;

/** Work when nothing is to be drawn; what the same owner wanted before is replaced. */
export function later(owner: object, work: () => void): void {
  idle.set(owner, work);
  requestIdle();
}

/** The owner is gone. */
export function notLater(owner: object): void {
  idle.delete(owner);
}

function requestIdle(): void {
  if (idleAsked) return;
  idleAsked = true;
  // Safari has no idle callback
  if (typeof requestIdleCallback === "function") requestIdleCallback(runIdle, { timeout: LATEST_MS });
  else setTimeout(() => runIdle({ didTimeout: true, timeRemaining: () => 0 }), 20);
}

// At least one, so that idle work ends also where no time is idle.
function runIdle(deadline: { readonly didTimeout: boolean; timeRemaining: () => number }): void {
  idleAsked = false;
  try {
    for (const [owner, work] of idle) {
      idle.delete(owner);
      work();
      if (deadline.timeRemaining() < LEAST_IDLE_MS) break;
    }
  } finally {
    if (idle.size > 0) requestIdle();
  }
}
