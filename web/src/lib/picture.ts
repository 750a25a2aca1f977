// From a track's samples to the picture that its chart draws: which scale, which lines, where the axis has labels.

import { type CalmMaximum, roundMaximum, stackSplits } from "./axis";
import type { Picture } from "./chart";
import type { Grid } from "./grid";
import { cumulate, gaps, reduce } from "./pixels";
import type { Track } from "./tracks";

export interface Scene {
  fromMs: number;
  toMs: number;
  columns: number;
  /** Columns drawn alone; empty: all. */
  only: readonly string[];
  xSplits: readonly number[];
  /** What the maxima of a live mirror remember, up and down; null while held. */
  calm: readonly [CalmMaximum, CalmMaximum] | null;
  nowMs: number;
}

/** The samples of a track's series in a window. */
export function readRows(track: Track, grid: Grid, fromMs: number, toMs: number): { rows: Float64Array[]; startMs: number } {
  const first = Math.ceil(fromMs / grid.stepMs);
  const last = Math.ceil(toMs / grid.stepMs);
  const rows = track.series.map((series) => {
    const row = new Float64Array(Math.max(0, last - first + 1));
    grid.read(grid.index(series.column), first, row);
    return row;
  });
  return { rows, startMs: grid.ms(first) };
}

const highest = (row: Float64Array): number => row.reduce((most, value) => (value > most ? value : most), 0);

function stackMaximum(track: Track, grid: Grid): number {
  if (track.maximumColumn === undefined) return track.maximum;
  const index = grid.index(track.maximumColumn);
  for (let slot = grid.newest; slot > grid.newest - grid.capacity; slot--) {
    const value = grid.at(index, slot);
    if (!Number.isNaN(value)) return value;
  }
  return track.maximum;
}

function mirrorMaxima(track: Track, rows: readonly Float64Array[], scene: Scene): [number, number] {
  const found = rows.map((row, side) => {
    const most = highest(row);
    return scene.calm === null ? roundMaximum(most, track.maximum) : (scene.calm[side]?.next(most, scene.nowMs) ?? most);
  });
  const [up = track.maximum, down = track.maximum] = found;
  // one scale for both sides, and neither so low that its label meets the zero's
  const least = roundMaximum(Math.max(up, down) / 4, track.maximum);
  return [Math.max(up, least), Math.max(down, least)];
}

/** What to draw of a track now. */
export function compose(track: Track, grid: Grid, scene: Scene): Picture {
  const { rows, startMs } = readRows(track, grid, scene.fromMs, scene.toMs);
  const shown = track.series.map((series) => scene.only.length === 0 || scene.only.includes(series.column));
  const holes = gaps(rows, startMs, grid.stepMs);
  let high: number;
  let low = 0;
  let drawn: Float64Array[];
  let factorOf: number;
  if (track.kind === "stack") {
    high = stackMaximum(track, grid);
    drawn = cumulate(rows.map((row, index) => (shown[index] ? row : row.map((value) => value * 0))));
    factorOf = high;
  } else {
    const [up, down] = mirrorMaxima(track, rows, scene);
    [high, low] = [up, -down];
    drawn = rows.map((row, index) => row.map((value) => (shown[index] ? (index === 0 ? value : -value) : NaN)));
    factorOf = Math.max(up, down);
  }
  const unit = track.unit(factorOf);
  const { x, lines } = reduce(drawn, startMs, grid.stepMs, scene.columns);
  return {
    x,
    lines,
    gaps: holes,
    fromMs: scene.fromMs,
    toMs: scene.toMs,
    low,
    high,
    ySplits: track.kind === "stack" ? stackSplits(high / unit.factor).map((value) => value * unit.factor) : [low, 0, high],
    xSplits: scene.xSplits,
    factor: unit.factor,
    unitName: unit.name,
  };
}
