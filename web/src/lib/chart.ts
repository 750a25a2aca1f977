// One track's canvas: uPlot with our scales, gaps and axes. Is handed ready lines; decides nothing about data.

import uPlot from "uplot";
import { axisFigure } from "./numbers";
import type { Gap } from "./pixels";
import { token } from "./theme.svelte";
import type { Track } from "./tracks";

export interface Picture {
  x: number[];
  /** In the order of the track's series; of a stack, cumulated; of a mirror, the second below 0. */
  lines: (number | null)[][];
  gaps: readonly Gap[];
  fromMs: number;
  toMs: number;
  low: number;
  high: number;
  ySplits: readonly number[];
  xSplits: readonly number[];
  /** Base units in one unit shown. */
  factor: number;
  unitName: string;
}

const GUTTER_PX = 46;
const MARGIN_PX = 14;
const TOP_PX = 9;
const BOTTOM_PX = 7;
const PALE = 0.25;

function alpha(color: string, opacity: number): string {
  const byte = Math.round(opacity * 255).toString(16).padStart(2, "0");
  return color + byte;
}

interface Ink {
  strokes: string[];
  grid: string;
  text: string;
  hatch: string;
  font: string;
}

function readInk(track: Track): Ink {
  const colors = track.series.map((series) => token(series.color));
  const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return {
    strokes: colors,
    grid: token("grid"),
    text: token("text-3"),
    hatch: token("hatch"),
    // whole pixels: uPlot scales the font by the device ratio only then
    font: `${Math.round((10.5 / 16) * root)}px ${token("font")}`,
  };
}

export class Chart {
  private readonly plot: uPlot;
  private ink: Ink;
  private picture: Picture | null = null;
  private lifted: string | null = null;
  private hatching: { key: string; pattern: CanvasPattern | null } = { key: "", pattern: null };

  constructor(
    element: HTMLElement,
    private readonly track: Track,
    widthPx: number,
  ) {
    this.ink = readInk(track);
    this.plot = new uPlot(this.options(widthPx), this.empty(), element);
  }

  /** The width of the plot itself, in device pixels: how many columns there are to fill. */
  get columns(): number {
    return Math.max(1, Math.floor(this.plot.bbox.width));
  }

  draw(picture: Picture): void {
    this.picture = picture;
    // uPlot draws its first series first: the top of a stack comes first, so that lower edges lie over it
    const lines = this.track.kind === "stack" ? [...picture.lines].reverse() : picture.lines;
    this.plot.batch(() => {
      this.plot.setData([picture.x, ...lines] as uPlot.AlignedData, false);
      this.plot.setScale("x", { min: picture.fromMs / 1000, max: picture.toMs / 1000 });
      this.plot.setScale("y", { min: picture.low, max: picture.high });
    });
  }

  /** Make the others pale while a name is pointed at. Takes effect with the next `draw`. */
  lift(column: string | null): void {
    this.lifted = column;
  }

  resize(widthPx: number): void {
    this.plot.setSize({ width: widthPx, height: this.track.heightPx });
  }

  /** Colours changed. */
  recolor(): void {
    this.ink = readInk(this.track);
    this.hatching.key = "";
    this.plot.redraw(true, true);
  }

  destroy(): void {
    this.plot.destroy();
  }

  private empty(): uPlot.AlignedData {
    // two instants without samples: with none at all uPlot would leave the axes out, and the plot would move later
    return [[0, 1], ...this.track.series.map(() => [null, null])] as uPlot.AlignedData;
  }

  private options(widthPx: number): uPlot.Options {
    const order = this.track.series.map((_, index) => index);
    if (this.track.kind === "stack") order.reverse();
    const bands: uPlot.Band[] =
      this.track.kind === "stack" ? order.slice(1).map((_, place) => ({ series: [place + 1, place + 2] })) : [];
    return {
      width: widthPx,
      height: this.track.heightPx,
      padding: [TOP_PX, MARGIN_PX, BOTTOM_PX, 0],
      cursor: { show: false },
      legend: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: false, auto: false, min: 0, max: 1, range: (_, min, max) => [min, max] },
        y: { auto: false, min: 0, max: 1, range: (_, min, max) => [min, max] },
      },
      bands,
      series: [{}, ...order.map((index) => this.line(index))],
      axes: [this.timeAxis(), this.valueAxis()],
      hooks: { drawClear: [() => this.drawGaps()] },
    };
  }

  private line(index: number): uPlot.Series {
    const column = this.track.series[index]?.column ?? "";
    const opacity = (color: string, full: number) => alpha(color, this.lifted === null || this.lifted === column ? full : full * PALE);
    return {
      stroke: () => opacity(this.ink.strokes[index] ?? "#000000", 1),
      fill: () => opacity(this.ink.strokes[index] ?? "#000000", this.track.series[index]?.fill ?? 0),
      width: 1,
      spanGaps: false,
      // a sample between two gaps has no line: it is shown as a point
      points: { show: false, filter: lonely, size: 3, stroke: () => this.ink.strokes[index] ?? "#000000" },
    };
  }

  private timeAxis(): uPlot.Axis {
    return {
      scale: "x",
      size: 0,
      ticks: { show: false },
      values: (_, splits) => splits.map(() => ""),
      splits: () => [...(this.picture?.xSplits ?? [])],
      grid: { stroke: () => this.ink.grid, width: 1 },
    };
  }

  private valueAxis(): uPlot.Axis {
    return {
      scale: "y",
      size: GUTTER_PX,
      gap: 5,
      ticks: { show: false },
      stroke: () => this.ink.text,
      font: this.ink.font,
      splits: () => [...(this.picture?.ySplits ?? [])],
      values: (_, splits) => splits.map((value) => this.label(value, splits)),
      grid: { stroke: () => this.ink.grid, width: 1 },
    };
  }

  private label(value: number, splits: readonly number[]): string {
    const factor = this.picture?.factor ?? 1;
    const text = axisFigure(Math.abs(value) / factor);
    // the unit of the others stands beside the track's name: here it would not fit the gutter
    return this.picture?.unitName === "%" && value === splits.at(-1) ? `${text} %` : text;
  }

  private drawGaps(): void {
    const picture = this.picture;
    if (picture === null) return;
    const { ctx, bbox } = this.plot;
    const pattern = this.pattern(ctx);
    if (pattern === null) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, 0, bbox.width, ctx.canvas.height);
    ctx.clip();
    ctx.fillStyle = pattern;
    for (const gap of picture.gaps) {
      const left = this.plot.valToPos(gap.fromMs / 1000, "x", true);
      const right = this.plot.valToPos(gap.toMs / 1000, "x", true);
      ctx.fillRect(left, 0, Math.max(1, right - left), ctx.canvas.height);
    }
    ctx.restore();
  }

  private pattern(ctx: CanvasRenderingContext2D): CanvasPattern | null {
    const key = `${this.ink.hatch} ${devicePixelRatio}`;
    if (this.hatching.key !== key) {
      const size = Math.round(6 * devicePixelRatio);
      const tile = document.createElement("canvas");
      tile.width = tile.height = size;
      const pen = tile.getContext("2d");
      if (pen === null) return null;
      pen.strokeStyle = this.ink.hatch;
      pen.lineWidth = devicePixelRatio;
      pen.beginPath();
      for (const shift of [-size, 0, size]) {
        pen.moveTo(shift, size);
        pen.lineTo(shift + size, 0);
      }
      pen.stroke();
      this.hatching = { key, pattern: ctx.createPattern(tile, "repeat") };
    }
    return this.hatching.pattern;
  }
}

function lonely(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}
