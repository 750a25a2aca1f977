// Lines and fields as pixels, written by the page itself. A browser without a GPU takes 20 ms and more for one stroked line of
// a thousand points, in the frame's commit where no budget sees it; here it is a fraction of a millisecond, of script. Knows
// no DOM. Units are device pixels, y downwards; the middle of the first pixel is at 0.5.

/** Pixels of red, green, blue and opacity. */
export interface Sheet {
  bytes: Uint8ClampedArray<ArrayBuffer>;
  /** The same memory, a pixel each. */
  words: Uint32Array;
  width: number;
  height: number;
}

export interface Paint {
  red: number;
  green: number;
  blue: number;
  /** 0 to 1. */
  opacity: number;
}

/** Points of a line, x rising. */
export interface Points {
  x: Float64Array;
  y: Float64Array;
}

const BELOW_ALL = 2 ** 30;

const pixelBytes = new Uint8ClampedArray(4);
const pixel = { bytes: pixelBytes, words: new Uint32Array(pixelBytes.buffer) };
let store = new ArrayBuffer(0);
// how much of each pixel the line at hand covers, 0 to 255, column by column, and the rows of each in which it does: all 0 and
// empty between lines
let covered = new Uint8Array(0);
let first = new Int32Array(0);
let last = new Int32Array(0);

/** A blank sheet; it is lent until the next one. */
export function blank(width: number, height: number): Sheet {
  const size = 4 * width * height;
  if (store.byteLength < size) store = new ArrayBuffer(size);
  const bytes = new Uint8ClampedArray(store, 0, size);
  bytes.fill(0);
  return { bytes, words: new Uint32Array(store, 0, width * height), width, height };
}

/** The paint of a colour, `#rrggbb`. */
export function paintOf(color: string, opacity: number): Paint {
  const number = Number.parseInt(color.slice(1, 7), 16);
  return { red: number >> 16, green: (number >> 8) & 255, blue: number & 255, opacity };
}

/** A pixel of a paint alone, as it lies in memory. */
function wordOf({ red, green, blue, opacity }: Paint, share: number): number {
  pixel.bytes[0] = red;
  pixel.bytes[1] = green;
  pixel.bytes[2] = blue;
  pixel.bytes[3] = 255 * opacity * share;
  return pixel.words[0] as number;
}

// over what is there; `share` is how much of the pixel is covered
function put(bytes: Uint8ClampedArray, at: number, { red, green, blue, opacity }: Paint, share: number): void {
  const over = opacity * share;
  const under = ((bytes[at + 3] as number) / 255) * (1 - over);
  const all = over + under;
  if (all <= 0) return;
  const part = over / all;
  bytes[at] = red * part + (bytes[at] as number) * (1 - part);
  bytes[at + 1] = green * part + (bytes[at + 1] as number) * (1 - part);
  bytes[at + 2] = blue * part + (bytes[at + 2] as number) * (1 - part);
  bytes[at + 3] = 255 * all;
}

/** Fill between a line and its ground, of points `from` to `to`, a column at a time. */
export function fillBetween(sheet: Sheet, paint: Paint, { x, y }: Points, ground: Float64Array, from: number, to: number): void {
  const { width, height } = sheet;
  const whole = wordOf(paint, 1);
  const end = Math.min(width - 1, Math.floor((x[to] as number) - 0.5));
  let i = from;
  for (let column = Math.max(0, Math.ceil((x[from] as number) - 0.5)); column <= end; column++) {
    const middle = column + 0.5;
    while (i < to - 1 && (x[i + 1] as number) < middle) i += 1;
    const next = Math.min(i + 1, to);
    const span = (x[next] as number) - (x[i] as number);
    const part = span > 0 ? (middle - (x[i] as number)) / span : 0;
    const one = (y[i] as number) + part * ((y[next] as number) - (y[i] as number));
    const other = (ground[i] as number) + part * ((ground[next] as number) - (ground[i] as number));
    upright(sheet, paint, whole, column, 1, Math.max(0, Math.min(one, other)), Math.min(height, Math.max(one, other)));
  }
}

/** An upright of a column from `top` to `bottom`, `wide` of a pixel; `whole` is the paint's word. */
function upright({ bytes, words, width }: Sheet, paint: Paint, whole: number, column: number, wide: number, top: number, bottom: number): void {
  if (bottom <= top) return;
  const begin = Math.ceil(top);
  const end = Math.floor(bottom);
  if (begin > end) return put(bytes, 4 * ((begin - 1) * width + column), paint, wide * (bottom - top));
  if (top < begin) put(bytes, 4 * ((begin - 1) * width + column), paint, wide * (begin - top));
  if (bottom > end) put(bytes, 4 * (end * width + column), paint, wide * (bottom - end));
  const plain = wide === 1;
  const covers = plain && paint.opacity === 1;
  const past = end * width;
  for (let at = begin * width + column; at < past; at += width) {
    if (covers || (plain && words[at] === 0)) words[at] = whole;
    else put(bytes, 4 * at, paint, wide);
  }
}

/** Points nearer than this are drawn column by column: what lies between them is less than the line is thick. */
const DENSE_PX = 2;
const LEAST_DENSE = 16;

/** A line of points `from` to `to`; one point alone is a dot. `dash`: lengths of line and gap in turn. */
export function strokeLine(sheet: Sheet, paint: Paint, thick: number, { x, y }: Points, from: number, to: number, dash: readonly number[]): void {
  if (dash.length === 0 && to - from >= LEAST_DENSE && (x[to] as number) - (x[from] as number) < DENSE_PX * (to - from)) {
    return strokeDense(sheet, paint, thick, { x, y }, from, to);
  }
  begin(sheet);
  if (from === to) segment(sheet, x[from] as number, y[from] as number, x[from] as number, y[from] as number, thick);
  const whole = dash.reduce((sum, part) => sum + part, 0);
  let along = 0;
  for (let i = from; i < to; i++) {
    const [x0, y0, x1, y1] = [x[i] as number, y[i] as number, x[i + 1] as number, y[i + 1] as number];
    if (whole <= 0) segment(sheet, x0, y0, x1, y1, thick / 2);
    else along = dashed(sheet, [x0, y0, x1, y1], thick / 2, dash, along % whole);
  }
  finish(sheet, paint);
}

// Each column holds the line from its lowest to its highest place there, and half its thickness on either side: for a restless
// line of a point a pixel a twentieth of the work of its segments.
function strokeDense(sheet: Sheet, paint: Paint, thick: number, { x, y }: Points, from: number, to: number): void {
  const { width, height } = sheet;
  const whole = wordOf(paint, 1);
  const [begins, ends] = [x[from] as number, x[to] as number];
  const at = (i: number, place: number): number => {
    const span = (x[i + 1] as number) - (x[i] as number);
    const part = span > 0 ? (place - (x[i] as number)) / span : 1;
    return (y[i] as number) + part * ((y[i + 1] as number) - (y[i] as number));
  };
  let i = from;
  for (let column = Math.max(0, Math.floor(begins)); column < width && column < ends; column++) {
    const left = Math.max(column, begins);
    const right = Math.min(column + 1, ends);
    while (i < to - 1 && (x[i + 1] as number) <= left) i += 1;
    const entry = at(i, left);
    let [top, bottom] = [entry, entry];
    while (i < to - 1 && (x[i + 1] as number) < right) {
      i += 1;
      top = Math.min(top, y[i] as number);
      bottom = Math.max(bottom, y[i] as number);
    }
    const exit = at(i, right);
    top = Math.max(0, Math.min(top, exit) - thick / 2);
    bottom = Math.min(height, Math.max(bottom, exit) + thick / 2);
    upright(sheet, paint, whole, column, right - left, top, bottom);
  }
}

// the parts of a segment that a pattern shows, `along` being how far the pattern is; returns how far it is at the end
function dashed(sheet: Sheet, [x0, y0, x1, y1]: readonly [number, number, number, number], half: number, dash: readonly number[], along: number): number {
  const length = Math.hypot(x1 - x0, y1 - y0);
  let place = 0;
  let began = 0;
  while (began + (dash[place] as number) <= along) {
    began += dash[place] as number;
    place = (place + 1) % dash.length;
  }
  for (let done = 0, left = began + (dash[place] as number) - along; done < length; left = dash[place] as number) {
    const end = Math.min(length, done + left);
    const at = (far: number): [number, number] => [x0 + ((x1 - x0) * far) / length, y0 + ((y1 - y0) * far) / length];
    if (place % 2 === 0) segment(sheet, ...at(done), ...at(end), half);
    done = end;
    place = (place + 1) % dash.length;
  }
  return along + length;
}

function begin({ width, height }: Sheet): void {
  if (covered.length < width * height) covered = new Uint8Array(width * height);
  if (first.length >= width) return;
  first = new Int32Array(width).fill(BELOW_ALL);
  last = new Int32Array(width).fill(-1);
}

// What lies nearer than half the thickness is covered; where segments meet the more covered counts, so that nothing is twice.
function segment({ width, height }: Sheet, x0: number, y0: number, x1: number, y1: number, half: number): void {
  const reach = half + 0.5;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length = Math.sqrt(dx * dx + dy * dy);
  // along and across the segment, of length 1
  const ux = length === 0 ? 1 : dx / length;
  const uy = length === 0 ? 0 : dy / length;
  const slope = dx === 0 ? 0 : dy / dx;
  const end = Math.min(width - 1, Math.floor(x1 + reach));
  for (let column = Math.max(0, Math.floor(x0 - reach)); column <= end; column++) {
    const px = column + 0.5 - x0;
    // the part of the segment that reaches this column
    const one = dx === 0 ? 0 : slope * Math.min(dx, Math.max(0, px - reach));
    const other = dx === 0 ? dy : slope * Math.min(dx, Math.max(0, px + reach));
    const top = Math.max(0, Math.floor(y0 + Math.min(one, other) - reach));
    const bottom = Math.min(height - 1, Math.floor(y0 + Math.max(one, other) + reach));
    if (bottom < top) continue;
    if (top < (first[column] as number)) first[column] = top;
    if (bottom > (last[column] as number)) last[column] = bottom;
    for (let row = top, at = column * height + top; row <= bottom; row++, at++) {
      const py = row + 0.5 - y0;
      const along = px * ux + py * uy;
      const across = px * uy - py * ux;
      const beyond = along < 0 ? -along : along > length ? along - length : 0;
      const far = beyond === 0 ? Math.abs(across) : Math.sqrt(beyond * beyond + across * across);
      const share = 255 * (reach - far);
      if (share > (covered[at] as number)) covered[at] = share > 255 ? 255 : share;
    }
  }
}

function finish({ bytes, words, width, height }: Sheet, paint: Paint): void {
  const whole = wordOf(paint, 1);
  for (let column = 0; column < width; column++) {
    const end = last[column] as number;
    for (let row = first[column] as number; row <= end; row++) {
      const share = covered[column * height + row] as number;
      if (share === 0) continue;
      covered[column * height + row] = 0;
      const at = row * width + column;
      if (share === 255 && (paint.opacity === 1 || words[at] === 0)) words[at] = whole;
      else put(bytes, 4 * at, paint, share / 255);
    }
    first[column] = BELOW_ALL;
    last[column] = -1;
  }
}
