// How a short live view slides: by so much a second, each track from its own last draw. Pure but for the clock it is handed.

import type { Slide } from "./chart";

/** From here on a second is under a pixel or so, and a step a second is all there is to see. */
const SLIDES_BELOW_MS = 300_000;
const SECOND_MS = 1000;

export interface Motion {
  live: boolean;
  rangeMs: number;
  stepMs: number;
  plotPx: number;
  /** When the newest row came, and now; of one clock. */
  rowAtMs: number;
  atMs: number;
  /** Whether the person asked for no motion. */
  still: boolean;
}

/** Null where the view stands still between two seconds. */
export function slideOf(motion: Motion): Slide | null {
  if (!motion.live || motion.still || motion.rangeMs >= SLIDES_BELOW_MS || motion.stepMs !== SECOND_MS) return null;
  const perSecondPx = (motion.plotPx * SECOND_MS) / motion.rangeMs;
  return { perSecondPx, extraPx: Math.ceil(perSecondPx), passedMs: Math.min(SECOND_MS, Math.max(0, motion.atMs - motion.rowAtMs)) };
}

/** The window that is drawn: one that slides begins a second before what is seen. */
export function drawnFrom(fromMs: number, toMs: number, plotPx: number, slide: Slide | null): number {
  return slide === null ? fromMs : toMs - (toMs - fromMs) * (1 + slide.extraPx / Math.max(1, plotPx));
}
