// Paints a picture on a canvas: fields without data, shades, grid, fills, lines, bands, the heat map. In device pixels; knows
// no DOM but the context it is handed. Straight segments only, never more than one bucket a pixel.

import { levelOf } from "./heat";
import type { Band, Line, Pane, Picture } from "./picture";

export interface Ink {
  /** A token's colour, `#rrggbb`. */
  color: (token: string) => string;
  hatch: CanvasPattern | null;
  thin: CanvasPattern | null;
  /** 256 colours, three bytes each. */
  ramp: Uint8ClampedArray;
}

export interface Place {
  /** Size of the canvas. */
  width: number;
  height: number;
  /** Device pixels a CSS pixel. */
  ratio: number;
  /** Where values are drawn: between these two, from the top. */
  top: number;
  bottom: number;
  /** Whether each line has a dash pattern of its own. */
  dashes: boolean;
  /** The column that is lifted: the others are pale. */
  lifted: string | null;
}

const PALE = 0.25;
const BAND = 0.28;
const LEAST_HATCH_PX = 4;
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3], [10, 4]];

export function alpha(color: string, opacity: number): string {
  const byte = Math.round(Math.min(1, Math.max(0, opacity)) * 255).toString(16).padStart(2, "0");
  return color + byte;
}

interface Pen {
  ctx: CanvasRenderingContext2D;
  ink: Ink;
  place: Place;
  picture: Picture;
  x: (ms: number) => number;
}

export function paint(ctx: CanvasRenderingContext2D, picture: Picture, ink: Ink, place: Place): void {
  const perMs = place.width / Math.max(1, picture.toMs - picture.fromMs);
  const pen: Pen = { ctx, ink, place, picture, x: (ms) => (ms - picture.fromMs) * perMs };
  ctx.clearRect(0, 0, place.width, place.height);
  grid(pen);
  shades(pen);
  fields(pen);
  if (picture.heat !== null) heat(pen);
  for (const line of picture.lines) fill(pen, line);
  for (const band of picture.bands) between(pen, band);
  for (const line of picture.lines) stroke(pen, line);
  rules(pen);
}

function y(place: Place, pane: Pane): (value: number) => number {
  const height = place.bottom - place.top;
  const bottom = place.top + pane.bottom * height;
  const scale = ((pane.bottom - pane.top) * height) / (pane.high - pane.low || 1);
  return (value) => bottom - (value - pane.low) * scale;
}

function grid({ ctx, ink, place, picture, x }: Pen): void {
  ctx.fillStyle = ink.color("grid");
  const thick = Math.max(1, Math.round(place.ratio));
  for (const seconds of picture.xSplits) ctx.fillRect(Math.round(x(seconds * 1000)), 0, thick, place.height);
  for (const label of picture.labels) {
    if (!label.ruled) continue;
    ctx.fillRect(0, Math.round(place.top + label.share * (place.bottom - place.top)), place.width, thick);
  }
}

function shades({ ctx, ink, place, picture, x }: Pen): void {
  for (const shade of picture.shades) {
    const left = x(Math.max(shade.fromMs, picture.fromMs));
    const right = x(Math.min(shade.toMs, picture.toMs));
    ctx.fillStyle = alpha(ink.color(shade.color), shade.opacity);
    ctx.fillRect(left, 0, Math.max(1, right - left), place.height);
    ctx.fillStyle = ink.color(shade.color);
    if (shade.fromMs >= picture.fromMs) ctx.fillRect(left, 0, shade.startPx * place.ratio, place.height);
    ctx.fillRect(right - shade.endPx * place.ratio, 0, shade.endPx * place.ratio, place.height);
  }
}

// No line, no fill, no zero: what was not heard is hatched, over all the height; too narrow for a hatch it is a stroke.
function fields({ ctx, ink, place, picture, x }: Pen): void {
  const hatch = (pattern: CanvasPattern | null, spans: Picture["gaps"]) => {
    for (const gap of spans) {
      const width = Math.max(place.ratio, x(gap.toMs) - x(gap.fromMs));
      ctx.fillStyle = pattern === null || width < LEAST_HATCH_PX * place.ratio ? ink.color("hatch") : pattern;
      ctx.fillRect(x(gap.fromMs), 0, width, place.height);
    }
  };
  hatch(ink.hatch, picture.gaps);
  hatch(ink.thin, picture.thin);
}

/** The places where a line begins and ends between gaps, `visit(from, to)` with both included. */
function runs(line: Float64Array, visit: (from: number, to: number) => void): void {
  let from = -1;
  for (let i = 0; i <= line.length; i++) {
    const there = i < line.length && !Number.isNaN(line[i] as number);
    if (there && from < 0) from = i;
    if (there || from < 0) continue;
    visit(from, i - 1);
    from = -1;
  }
}

const strength = (place: Place, column: string): number => (place.lifted === null || place.lifted === column ? 1 : PALE);

function fill({ ctx, ink, place, picture, x }: Pen, line: Line): void {
  if (line.fill === 0) return;
  const pane = picture.panes[line.pane];
  if (pane === undefined) return;
  const at = y(place, pane);
  const xs = picture.x;
  const zero = at(Math.max(0, pane.low));
  ctx.fillStyle = alpha(ink.color(line.color), line.fill * strength(place, line.column));
  ctx.beginPath();
  runs(line.y, (from, to) => {
    ctx.moveTo(x(xs[from] as number), line.base === null ? zero : at(line.base[from] as number));
    for (let i = from; i <= to; i++) ctx.lineTo(x(xs[i] as number), at(line.y[i] as number));
    if (line.base === null) ctx.lineTo(x(xs[to] as number), zero);
    else for (let i = to; i >= from; i--) ctx.lineTo(x(xs[i] as number), at(line.base[i] as number));
  });
  ctx.fill();
}

function stroke({ ctx, ink, place, picture, x }: Pen, line: Line): void {
  const pane = picture.panes[line.pane];
  if (pane === undefined) return;
  const at = y(place, pane);
  const xs = picture.x;
  const width = (line.fill === 0 ? 1.5 : 1) * place.ratio;
  ctx.strokeStyle = ctx.fillStyle = alpha(ink.color(line.color), strength(place, line.column));
  ctx.lineWidth = width;
  ctx.setLineDash(place.dashes ? (DASHES[line.dash % DASHES.length] ?? []).map((part) => part * place.ratio) : []);
  ctx.beginPath();
  runs(line.y, (from, to) => {
    // a sample between two gaps has no line: it is a point
    if (from === to) return ctx.rect(x(xs[from] as number) - width, at(line.y[from] as number) - width, 2 * width, 2 * width);
    ctx.moveTo(x(xs[from] as number), at(line.y[from] as number));
    for (let i = from + 1; i <= to; i++) ctx.lineTo(x(xs[i] as number), at(line.y[i] as number));
  });
  ctx.stroke();
  ctx.setLineDash([]);
}

function between({ ctx, ink, place, picture, x }: Pen, band: Band): void {
  const pane = picture.panes[band.pane];
  if (pane === undefined) return;
  const at = y(place, pane);
  ctx.fillStyle = alpha(ink.color(band.color), BAND * strength(place, band.column));
  ctx.beginPath();
  runs(band.most, (from, to) => {
    ctx.moveTo(x(band.x[from] as number), at(band.most[from] as number));
    for (let i = from + 1; i <= to; i++) ctx.lineTo(x(band.x[i] as number), at(band.most[i] as number));
    for (let i = to; i >= from; i--) ctx.lineTo(x(band.x[i] as number), at(band.least[i] as number));
  });
  ctx.fill();
}

let cells: HTMLCanvasElement | null = null;

// A pixel a cell, blown up without smoothing: one image for all rows.
function heat({ ctx, ink, place, picture, x }: Pen): void {
  const map = picture.heat;
  const width = map?.values[0]?.length ?? 0;
  if (map === null || width === 0) return;
  const height = map.values.length;
  cells ??= document.createElement("canvas");
  if (cells.width < width || cells.height < height) {
    cells.width = Math.max(cells.width, width);
    cells.height = Math.max(cells.height, height);
  }
  const pen = cells.getContext("2d");
  if (pen === null) return;
  const image = pen.createImageData(width, height);
  map.values.forEach((row, r) => color(row, image.data, r * width * 4, ink.ramp));
  pen.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  const [left, right] = [x(map.fromMs), x(map.toMs)];
  ctx.drawImage(cells, 0, 0, width, height, left, place.top, right - left, place.bottom - place.top);
  rowsApart(ctx, ink.color("surface"), height, place);
}

function color(row: Float64Array, bytes: Uint8ClampedArray, from: number, ramp: Uint8ClampedArray): void {
  for (let i = 0; i < row.length; i++) {
    const value = row[i] as number;
    if (Number.isNaN(value)) continue;
    const at = from + 4 * i;
    const level = 3 * levelOf(value);
    bytes[at] = ramp[level] as number;
    bytes[at + 1] = ramp[level + 1] as number;
    bytes[at + 2] = ramp[level + 2] as number;
    bytes[at + 3] = 255;
  }
}

function rowsApart(ctx: CanvasRenderingContext2D, surface: string, count: number, place: Place): void {
  const height = (place.bottom - place.top) / count;
  const thick = Math.max(1, Math.round(place.ratio));
  if (height < 4 * thick) return;
  ctx.fillStyle = surface;
  for (let row = 1; row < count; row++) ctx.fillRect(0, Math.round(place.top + row * height), place.width, thick);
}

// Limits and the link's speed lie over everything: what crosses them must not hide them.
function rules({ ctx, ink, place, picture }: Pen): void {
  const across = (value: number, token: string, pane: Pane | undefined) => {
    if (pane === undefined || value > pane.high || value < pane.low) return;
    const at = y(place, pane)(value);
    ctx.strokeStyle = ink.color(token);
    ctx.lineWidth = place.ratio;
    ctx.setLineDash([4 * place.ratio, 3 * place.ratio]);
    ctx.beginPath();
    ctx.moveTo(0, at);
    ctx.lineTo(place.width, at);
    ctx.stroke();
    ctx.setLineDash([]);
  };
  for (const limit of picture.limits) across(limit.value, limit.color, picture.panes[limit.pane]);
  if (picture.speed === null) return;
  across(picture.speed, "text-3", picture.panes[0]);
  across(-picture.speed, "text-3", picture.panes[0]);
}
