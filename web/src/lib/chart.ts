// One track's canvas: its size, its colours, and how it slides while a short view is live. What is on it, paint.ts decides.
// A chart is drawn only through `draw`; it reads no layout.

import { RAMP, rampTable } from "./heat";
import { type Ink, type Place, paint } from "./paint";
import type { Picture } from "./picture";
import { theme, token } from "./theme.svelte";

export const TOP_PX = 9;
export const BOTTOM_PX = 7;

export interface Look {
  dashes: boolean;
  lifted: string | null;
}

export interface Slide {
  /** How far the picture moves in a second, CSS pixels. */
  perSecondPx: number;
  /** How much wider the canvas is, on its left. */
  extraPx: number;
  /** How much of the second has passed. */
  passedMs: number;
}

/** Colours are read once a theme, for all charts. */
let ink: { revision: number; ratio: number; ink: Ink } | null = null;

function readInk(ctx: CanvasRenderingContext2D): Ink {
  if (ink !== null && ink.revision === theme.revision && ink.ratio === devicePixelRatio) return ink.ink;
  const known = new Map<string, string>();
  const color = (name: string) => {
    const found = known.get(name) ?? token(name);
    known.set(name, found);
    return found;
  };
  const made: Ink = {
    color,
    hatch: hatching(ctx, color("hatch"), 6),
    thin: hatching(ctx, color("hatch"), 12),
    ramp: rampTable(RAMP.map(color)),
  };
  ink = { revision: theme.revision, ratio: devicePixelRatio, ink: made };
  return made;
}

function hatching(ctx: CanvasRenderingContext2D, color: string, everyPx: number): CanvasPattern | null {
  const size = Math.round(everyPx * devicePixelRatio);
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  if (pen === null) return null;
  pen.strokeStyle = color;
  pen.lineWidth = devicePixelRatio;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, "repeat");
}

export class Chart {
  readonly canvas: HTMLCanvasElement;
  private readonly ctx: CanvasRenderingContext2D | null;
  private motion: Animation | null = null;
  private place: Place = { width: 0, height: 0, ratio: 1, top: 0, bottom: 0, dashes: false, lifted: null };

  constructor(element: HTMLElement) {
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.ctx = this.canvas.getContext("2d");
    element.append(this.canvas);
  }

  /** Set the size in CSS pixels; setting what is set already costs nothing. */
  resize(widthPx: number, heightPx: number, slide: Slide | null): void {
    const extraPx = slide?.extraPx ?? 0;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.max(1, Math.round((widthPx + extraPx) * ratio)), Math.round(heightPx * ratio)];
    if (this.place.width === width && this.place.height === height && this.place.ratio === ratio) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.style.width = `${widthPx + extraPx}px`;
    this.canvas.style.height = `${heightPx}px`;
    this.canvas.style.marginLeft = `${-extraPx}px`;
    this.place = { ...this.place, width, height, ratio, top: TOP_PX * ratio, bottom: height - BOTTOM_PX * ratio };
  }

  draw(picture: Picture, look: Look, slide: Slide | null): void {
    if (this.ctx === null) return;
    paint(this.ctx, picture, readInk(this.ctx), { ...this.place, ...look });
    this.slide(slide);
  }

  destroy(): void {
    this.motion?.cancel();
    this.canvas.remove();
  }

  // On the compositor: from where the second stands to where it ends, and there it waits for the next draw.
  private slide(slide: Slide | null): void {
    this.motion?.cancel();
    this.motion = null;
    if (slide === null) return;
    const leftMs = Math.max(0, 1000 - slide.passedMs);
    const from = `translateX(${(slide.perSecondPx * leftMs) / 1000}px)`;
    this.motion = this.canvas.animate([{ transform: from }, { transform: "translateX(0)" }], { duration: leftMs, fill: "forwards" });
  }
}
