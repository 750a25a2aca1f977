// Paints a picture on a canvas: fields without data, shades, grid, fills, lines, bands, the heat map. In device pixels; knows
// no DOM but the context it is handed. Straight segments only, never more than one bucket a pixel; lines and fills are pixels
// of our own making (raster.ts), which cost the same with a GPU and without.

import { levelOf } from "./heat";
import type { Band, Line, Pane, Picture } from "./picture";
import { type Points, type Sheet, blank, fillBetween, paintOf, strokeLine } from "./raster";

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
  /** The picture's times in pixels. */
  xs: Float64Array;
}

export function paint(ctx: CanvasRenderingContext2D, picture: Picture, ink: Ink, place: Place): void {
  const perMs = place.width / Math.max(1, picture.toMs - picture.fromMs);
  const x = (ms: number) => (ms - picture.fromMs) * perMs;
  const pen: Pen = { ctx, ink, place, picture, x, xs: picture.x.map(x) };
  ctx.clearRect(0, 0, place.width, place.height);
  grid(pen);
  shades(pen);
  fields(pen);
  if (picture.heat !== null) heat(pen);
  if (picture.lines.length > 0) drawing(pen);
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

// All fills, bands and lines as one image over what lies under them.
function drawing(pen: Pen): void {
  const { ctx, place, picture } = pen;
  const sheet = blank(place.width, place.height);
  for (const line of picture.lines) fill(pen, sheet, line);
  for (const band of picture.bands) between(pen, sheet, band);
  for (const line of picture.lines) stroke(pen, sheet, line);
  const pixels = scratch(place.width, place.height);
  if (pixels === null) return;
  pixels.putImageData(new ImageData(sheet.bytes, sheet.width, sheet.height), 0, 0);
  ctx.drawImage(pixels.canvas, 0, 0, place.width, place.height, 0, 0, place.width, place.height);
}

function fill(pen: Pen, sheet: Sheet, line: Line): void {
  const { ink, place, picture } = pen;
  const pane = picture.panes[line.pane];
  if (line.fill === 0 || pane === undefined) return;
  const at = y(place, pane);
  const found: Points = { x: pen.xs, y: line.y.map(at) };
  const ground = line.base === null ? new Float64Array(line.y.length).fill(at(Math.max(0, pane.low))) : line.base.map(at);
  const paint = paintOf(ink.color(line.color), line.fill * strength(place, line.column));
  runs(line.y, (from, to) => fillBetween(sheet, paint, found, ground, from, to));
}

function stroke(pen: Pen, sheet: Sheet, line: Line): void {
  const { ink, place, picture } = pen;
  const pane = picture.panes[line.pane];
  if (pane === undefined) return;
  const found: Points = { x: pen.xs, y: line.y.map(y(place, pane)) };
  const paint = paintOf(ink.color(line.color), strength(place, line.column));
  const thick = (line.fill === 0 ? 1.5 : 1) * place.ratio;
  const dash = place.dashes ? (DASHES[line.dash % DASHES.length] ?? []).map((part) => part * place.ratio) : [];
  // a sample between two gaps has no line: it is a point
  runs(line.y, (from, to) => strokeLine(sheet, paint, thick, found, from, to, dash));
}

function between(pen: Pen, sheet: Sheet, band: Band): void {
  const { ink, place, picture } = pen;
  const pane = picture.panes[band.pane];
  if (pane === undefined) return;
  const at = y(place, pane);
  const found: Points = { x: band.x.map(pen.x), y: band.most.map(at) };
  const ground = band.least.map(at);
  const paint = paintOf(ink.color(band.color), BAND * strength(place, band.column));
  runs(band.most, (from, to) => fillBetween(sheet, paint, found, ground, from, to));
}

let cells: HTMLCanvasElement | null = null;

/** A canvas of at least this size, from which pixels are painted. */
function scratch(width: number, height: number): CanvasRenderingContext2D | null {
  cells ??= document.createElement("canvas");
  if (cells.width < width || cells.height < height) {
    cells.width = Math.max(cells.width, width);
    cells.height = Math.max(cells.height, height);
  }
  return cells.getContext("2d");
}

// A pixel a cell, blown up without smoothing: one image for all rows.
function heat({ ctx, ink, place, picture, x }: Pen): void {
  const map = picture.heat;
  const width = map?.values[0]?.length ?? 0;
  if (map === null || width === 0) return;
  const height = map.values.length;
  const pen = scratch(width, height);
  if (pen === null) return;
  const image = pen.createImageData(width, height);
  map.values.forEach((row, r) => color(row, image.data, r * width * 4, ink.ramp));
  pen.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  const [left, right] = [x(map.fromMs), x(map.toMs)];
  ctx.drawImage(pen.canvas, 0, 0, width, height, left, place.top, right - left, place.bottom - place.top);
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
