// The picture of a rule's value against its limit, as SVG paths in pixels. Pure.

import { roundMaximum, splits } from "./axis";

export interface Line {
  startMs: number;
  stepMs: number;
  values: readonly (number | null)[];
}

export interface Frame {
  fromMs: number;
  toMs: number;
  widthPx: number;
  heightPx: number;
  leftPx: number;
  topPx: number;
}

export interface Scale {
  x: (ms: number) => number;
  y: (value: number) => number;
  splits: readonly number[];
  low: number;
  high: number;
}

/** One scale for all lines and the limit: from 0, or from the least where values fall below it. */
export function scaleOf(lines: readonly Line[], limit: number | null, frame: Frame): Scale {
  const values = lines.flatMap((line) => line.values.filter((value): value is number => value !== null && Number.isFinite(value)));
  if (limit !== null) values.push(limit);
  const most = Math.max(...values, 0);
  const least = Math.min(...values, 0);
  const high = most > 0 ? roundMaximum(most * 1.02, Number.MIN_VALUE) : least < 0 ? 0 : 1;
  const low = least < 0 ? -roundMaximum(-least * 1.02, Number.MIN_VALUE) : 0;
  const { fromMs, toMs, widthPx, heightPx, leftPx, topPx } = frame;
  return {
    x: (ms) => leftPx + ((ms - fromMs) / (toMs - fromMs)) * widthPx,
    y: (value) => topPx + heightPx - ((value - low) / (high - low)) * heightPx,
    splits: low < 0 ? [...new Set([low, 0, high])] : splits(0, high),
    low,
    high,
  };
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** A line's path; broken at gaps; `area` closes it down to 0. */
export function pathOf(line: Line, scale: Scale): { line: string; area: string } {
  let path = "";
  let area = "";
  let run: [number, number][] = [];
  const flush = (): void => {
    const first = run[0];
    const last = run.at(-1);
    if (first !== undefined && last !== undefined) {
      const points = run.map(([x, y]) => `${x} ${y}`).join("L");
      path += `M${points}${run.length === 1 ? `h1` : ""}`;
      area += `M${first[0]} ${tenth(scale.y(0))}L${points}L${last[0]} ${tenth(scale.y(0))}Z`;
    }
    run = [];
  };
  line.values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return flush();
    run.push([tenth(scale.x(line.startMs + i * line.stepMs)), tenth(scale.y(value))]);
  });
  flush();
  return { line: path, area };
}

/** Samples of a series on a regular grid. */
export function lineOf(values: readonly (readonly [number, string])[], startMs: number, endMs: number, stepMs: number): Line {
  const found = new Array<number | null>(Math.floor((endMs - startMs) / stepMs) + 1).fill(null);
  for (const [seconds, text] of values) {
    const place = Math.round((seconds * 1000 - startMs) / stepMs);
    if (place >= 0 && place < found.length) found[place] = Number(text);
  }
  return { startMs, stepMs, values: found };
}

/** How a value of an unknown unit stands at an axis: as short as it can. */
export function axisText(value: number): string {
  const size = Math.abs(value);
  const text = size >= 1e9 ? `${Number((size / 1e9).toFixed(1))} G` : size >= 1e6 ? `${Number((size / 1e6).toFixed(1))} M` : size >= 10_000 ? `${Number((size / 1e3).toFixed(1))} k` : String(Number(size.toPrecision(3)));
  return value < 0 ? `\u2212${text}` : text;
}
