// From a track's samples to the picture that its chart paints: which lines in which panes, their scales, gaps, labels.
// The arrays of a picture are lent (pixels.ts): it is painted at once.

import { type CalmMaximum, roundMaximum, splits } from "./axis";
import { HEARD } from "./expressions";
import type { Grid } from "./grid";
import { type HeatRow, heatRows } from "./heat";
import { axisFigure } from "./numbers";
import { type Gap, cumulate, gaps, giveBack, highestOf, lend, partly, reduce, split } from "./pixels";
import { type Limit, type Region, type Shade, limitsOf, shadesOf } from "./regions";
import type { Series, Track } from "./tracks";

export interface Scene {
  fromMs: number;
  toMs: number;
  /** Device pixels of the plot. */
  columns: number;
  /** Columns drawn alone; empty: all. */
  only: readonly string[];
  xSplits: readonly number[];
  /** What the maxima remember while live: of a mirror up and down, else the first; null while held. */
  calm: readonly [CalmMaximum, CalmMaximum] | null;
  nowMs: number;
  /** Whether a bucket holds several samples. */
  wide: boolean;
  regions: readonly Region[];
  /** Spans in which the host was not heard, as far as they are known to reach beyond the window. */
  knownGaps: readonly Gap[];
}

/** A part of the plot with a scale of its own; shares of the height from the top. */
export interface Pane {
  top: number;
  bottom: number;
  low: number;
  high: number;
}

export interface Line {
  column: string;
  /** The token of its colour. */
  color: string;
  fill: number;
  pane: number;
  y: Float64Array;
  /** What its fill stands on; null: 0. */
  base: Float64Array | null;
  /** Which dash pattern it has where dashes are asked for. */
  dash: number;
}

export interface Band {
  column: string;
  color: string;
  pane: number;
  x: Float64Array;
  least: Float64Array;
  most: Float64Array;
}

export interface Heat {
  rows: readonly HeatRow[];
  values: readonly Float64Array[];
  /** The time of the left edge of the first cell and of the right edge of the last. */
  fromMs: number;
  toMs: number;
}

export interface Label {
  share: number;
  text: string;
  /** Whether a grid line runs through the plot here. */
  ruled: boolean;
}

export interface Picture {
  fromMs: number;
  toMs: number;
  x: Float64Array;
  lines: Line[];
  bands: Band[];
  heat: Heat | null;
  panes: Pane[];
  gaps: readonly Gap[];
  /** Buckets of which only a part was heard. */
  thin: readonly Gap[];
  shades: readonly Shade[];
  limits: readonly (Limit & { pane: number })[];
  /** The speed of the link, up and down; null while less than half of it is used. */
  speed: number | null;
  labels: Label[];
  xSplits: readonly number[];
  /** Base units in one unit shown. */
  factor: number;
  unitName: string;
  /** Whether it is drawn in the track's own unit: a figure of the legend that is alone has one of its own. */
  own: boolean;
  /** The maximum of the axis, in units shown. */
  high: number;
  empty: boolean;
}

const WHOLE: Pick<Pane, "top" | "bottom"> = { top: 0, bottom: 1 };

/** The samples of columns in a window, in arrays of the picture. */
function readColumns(columns: readonly string[], grid: Grid, fromMs: number, toMs: number): { rows: Float64Array[]; startMs: number } {
  // from the sample before the edge on, so that lines reach it; not beyond what the ring holds, as while another range is read
  const last = Math.ceil(toMs / grid.stepMs);
  const first = Math.max(Math.floor(fromMs / grid.stepMs), last - grid.capacity);
  const length = Math.max(0, last - first + 1);
  const rows = columns.map((column) => {
    const row = lend(length);
    grid.read(grid.index(column), first, row);
    return row;
  });
  return { rows, startMs: grid.ms(first) };
}

function highest(rows: readonly Float64Array[]): number {
  let most = 0;
  for (const row of rows) for (let i = 0; i < row.length; i++) if ((row[i] as number) > most) most = row[i] as number;
  return most;
}

function newestOf(grid: Grid, column: string | undefined): number {
  const index = column === undefined ? -1 : grid.index(column);
  return grid.at(index, grid.last(index));
}

/** What a picture is made of before its axis has labels. */
interface Drawn {
  lines: Line[];
  bands: Band[];
  panes: Pane[];
  x: Float64Array;
  heat?: Heat;
  speed?: number | null;
  unitOf: number;
}

interface Material {
  track: Track;
  grid: Grid;
  scene: Scene;
  rows: Float64Array[];
  startMs: number;
  shown: boolean[];
}

/** What to draw of a track now. */
export function compose(asked: Track, grid: Grid, scene: Scene): Picture {
  giveBack();
  const track = alone(asked, scene.only);
  const columns = track.kind === "heat" ? grid.columns.under("core.") : track.series.map((series) => series.column);
  const { rows, startMs } = readColumns(columns, grid, scene.fromMs, scene.toMs);
  const chosen = track.series.some((series) => scene.only.includes(series.column));
  const shown = track.series.map((series) => !chosen || scene.only.includes(series.column));
  const material: Material = { track, grid, scene, rows, startMs, shown };
  const drawn = { stack, mirror, bands, lines, heat }[track.kind](material);
  const unit = track.unit(drawn.unitOf);
  const heard = scene.wide ? readColumns([HEARD], grid, scene.fromMs, scene.toMs).rows[0] : undefined;
  return {
    fromMs: scene.fromMs,
    toMs: scene.toMs,
    x: drawn.x,
    lines: drawn.lines,
    bands: drawn.bands,
    heat: drawn.heat ?? null,
    panes: drawn.panes,
    gaps: gaps(rows, startMs, grid.stepMs, scene.knownGaps),
    thin: heard === undefined ? [] : partly(heard, startMs, grid.stepMs),
    shades: shadesOf(scene.regions, asked.id, scene),
    limits: track === asked ? limitsOf(scene.regions, asked.id, scene).map((limit) => ({ ...limit, pane: paneOf(track, limit.column) })) : [],
    speed: drawn.speed ?? null,
    labels: labelsOf(track, drawn, unit.factor, unit.name),
    xSplits: scene.xSplits,
    factor: unit.factor,
    unitName: unit.name,
    own: track === asked,
    high: (drawn.panes[0]?.high ?? track.maximum) / unit.factor,
    empty: drawn.heat === undefined ? drawn.lines.every((line) => line.y.every(Number.isNaN)) : rows.every((row) => row.every(Number.isNaN)),
  };
}

const paneOf = (track: Track, column: string | null): number => track.series.find((series) => series.column === column)?.pane ?? 0;

/** A figure of the legend that is isolated is drawn alone, as a line on an axis of its own. */
function alone(track: Track, only: readonly string[]): Track {
  const figures = (track.figures ?? []).filter((figure) => only.includes(figure.column));
  const first = figures[0];
  if (first === undefined) return track;
  const series = figures.filter((figure) => figure.unit === first.unit).map((figure, i) => ({ column: figure.column, name: figure.name, color: ["c1", "c7"][i] ?? "c6", fill: 0 }));
  return { ...track, kind: "lines", series, maximum: 1, unit: () => ({ name: first.unit, factor: 1 }), note: () => first.unit };
}

function lineOf(series: Series, index: number, y: Float64Array, base: Float64Array | null = null): Line {
  return { column: series.column, color: series.color, fill: series.fill, pane: series.pane ?? 0, y, base, dash: index };
}

/** The extremes of a series, where buckets hold several samples and they were asked for. */
function bandOf({ grid, scene }: Material, column: string, color: string, pane: number): Band[] {
  if (!scene.wide || grid.index(`${column}:min`) < 0) return [];
  const { rows, startMs } = readColumns([`${column}:min`, `${column}:max`], grid, scene.fromMs, scene.toMs);
  const { x, lines } = reduce(rows, startMs, grid.stepMs, scene.columns);
  const [least, most] = lines as [Float64Array, Float64Array];
  return [{ column, color, pane, x, least, most }];
}

/** The maximum of an axis that fits what is drawn; live it does not breathe. */
function automatic({ track, scene }: Material, most: number): number {
  return scene.calm?.[0].next(most, scene.nowMs) ?? (track.round ?? roundMaximum)(most, track.maximum);
}

const mostOf = (found: readonly Band[]): number => highest(found.map((band) => band.most));

function stack(material: Material): Drawn {
  const { track, grid, scene, rows, startMs, shown } = material;
  const known = newestOf(grid, track.maximumColumn);
  const high = known > 0 ? known : track.maximum;
  rows.forEach((row, index) => {
    if (!shown[index]) for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) * 0;
  });
  const { x, lines: tops } = reduce(cumulate(rows), startMs, grid.stepMs, scene.columns);
  const lines = track.series.map((series, index) => lineOf(series, index, tops[index] ?? x, tops[index - 1] ?? null)).filter((_, index) => shown[index]);
  const whole = track.total !== undefined && shown.every(Boolean);
  const found = whole ? bandOf(material, track.total as string, track.series[0]?.color ?? "c1", 0) : [];
  return { x, lines, bands: found, panes: [{ ...WHOLE, low: 0, high }], unitOf: high };
}

function mirror(material: Material): Drawn {
  const { track, grid, scene, rows, startMs, shown } = material;
  const found = track.series.map((series, side) => (shown[side] ? bandOf(material, series.column, series.color, 0) : []));
  const most = rows.map((row, side) => Math.max(highest([row]), mostOf(found[side] ?? [])));
  const link = newestOf(grid, track.speedColumn);
  const speed = link > 0 && Math.max(...most) > link / 2 ? link : null;
  const floor = Math.max(track.maximum, speed ?? 0);
  const [up = floor, down = floor] = most.map((value, side) =>
    scene.calm === null ? roundMaximum(value, track.maximum) : (scene.calm[side]?.next(value, scene.nowMs) ?? value),
  );
  // one scale for both sides, and neither so low that its label meets the zero's
  const least = roundMaximum(Math.max(up, down, speed ?? 0) / 4, track.maximum);
  const pane = { ...WHOLE, low: -Math.max(down, least, speed ?? 0), high: Math.max(up, least, speed ?? 0) };
  const below = rows[1];
  if (below !== undefined) for (let i = 0; i < below.length; i++) below[i] = -(below[i] as number);
  for (const band of found[1] ?? []) for (const row of [band.least, band.most]) for (let i = 0; i < row.length; i++) row[i] = -(row[i] as number);
  const { x, lines: reduced } = reduce(rows, startMs, grid.stepMs, scene.columns);
  const lines = track.series.map((series, index) => lineOf(series, index, reduced[index] ?? x)).filter((_, index) => shown[index]);
  return { x, lines, bands: found.flat(), panes: [pane], speed, unitOf: Math.max(pane.high, -pane.low) };
}

function bands(material: Material): Drawn {
  const { track, grid, scene, rows, startMs, shown } = material;
  const found = track.series.flatMap((series, index) =>
    shown[index] && series.fill < 0.5 ? bandOf(material, series.column, series.color, series.pane ?? 0) : [],
  );
  const most = Math.max(highest(rows.filter((_, index) => shown[index])), mostOf(found));
  const high = automatic(material, most);
  const count = track.panes?.length ?? 1;
  const panes = (track.panes ?? [""]).map((_, i) => ({ top: (i + 0.06) / count, bottom: (i + 0.94) / count, low: 0, high }));
  const { x, lines: reduced } = reduce(rows, startMs, grid.stepMs, scene.columns);
  const lines = track.series.map((series, index) => lineOf(series, index, reduced[index] ?? x)).filter((_, index) => shown[index]);
  return { x, lines, bands: found, panes, unitOf: high };
}

function lines(material: Material): Drawn {
  const { track, grid, scene, rows, startMs, shown } = material;
  const found = track.series.flatMap((series, index) => (shown[index] ? bandOf(material, series.column, series.color, 0) : []));
  const most = Math.max(highest(rows.filter((_, index) => shown[index])), mostOf(found));
  const low = track.minimum ?? 0;
  const fixed = track.minimum !== undefined && most <= track.maximum;
  const high = fixed ? track.maximum : automatic(material, most);
  const { x, lines: reduced } = reduce(rows, startMs, grid.stepMs, scene.columns);
  const drawn = track.series.map((series, index) => lineOf(series, index, reduced[index] ?? x)).filter((_, index) => shown[index]);
  return { x, lines: drawn, bands: found, panes: [{ ...WHOLE, low, high }], unitOf: high };
}

function heat(material: Material): Drawn {
  const { grid, scene, rows, startMs } = material;
  const columns = grid.columns.under("core.");
  const named = heatRows(columns);
  const length = rows[0]?.length ?? 0;
  const found = split(length, startMs, grid.stepMs, scene.columns);
  const values = named.map((row) => {
    const members = row.columns.map((column) => rows[columns.indexOf(column)] ?? new Float64Array());
    const first = members[0] ?? new Float64Array();
    for (const other of members.slice(1)) {
      for (let i = 0; i < first.length; i++) {
        const value = other[i] as number;
        if (Number.isNaN(first[i] as number) || value > (first[i] as number)) first[i] = value;
      }
    }
    return highestOf(first, found?.starts ?? null);
  });
  // a bucket is named by its end: it lies to the left of its instant
  const map = { rows: named, values, fromMs: startMs - grid.stepMs, toMs: startMs + (length - 1) * grid.stepMs };
  return { x: lend(0), lines: [], bands: [], panes: [{ ...WHOLE, low: 0, high: 100 }], heat: map, unitOf: 100 };
}

function labelsOf(track: Track, drawn: Drawn, factor: number, unitName: string): Label[] {
  if (drawn.heat !== undefined) return heatLabels(drawn.heat);
  if (track.kind === "bands") return drawn.panes.map((pane, i) => ({ share: pane.bottom, text: track.panes?.[i] ?? "", ruled: true }));
  const pane = drawn.panes[0] ?? { ...WHOLE, low: 0, high: 1 };
  const values = track.kind === "mirror" ? [pane.low, 0, pane.high] : splits(pane.low / factor, pane.high / factor).map((value) => value * factor);
  return values.map((value) => ({ share: (pane.high - value) / (pane.high - pane.low), text: labelText(value, factor, unitName, value === pane.high), ruled: true }));
}

// the unit of the others stands beside the track's name: here it would not fit the gutter
function labelText(value: number, factor: number, unitName: string, top: boolean): string {
  const text = axisFigure(Math.abs(value) / factor);
  return unitName === "%" && top ? `${text} %` : text;
}

function heatLabels(map: Heat): Label[] {
  const count = map.rows.length;
  if (count === 0) return [];
  const at = (row: number, text: string): Label => ({ share: (row + 0.5) / count, text, ruled: false });
  const first = at(0, map.rows[0]?.name.split(" ")[0] ?? "");
  if (count === 1) return [first];
  const last = at(count - 1, map.rows.at(-1)?.name.split(" ").at(-1) ?? "");
  return count > 4 ? [first, { share: 0.5, text: "core", ruled: false }, last] : [first, last];
}
