import { describe, expect, test } from "vitest";
import type { Question } from "../src/lib/asking";
import { Columns } from "../src/lib/columns";
import { Grid } from "../src/lib/grid";
import { Questions } from "../src/lib/questions";
import { newestOf, spanOf } from "../src/lib/ring";
import { Rows } from "../src/lib/rows";
import { pour } from "../src/lib/samples";

const ask = (column: string, more: Partial<Question> = {}): Question => ({ track: "t", promql: () => column, column: () => column, ...more });

function setting(stepMs: number): { columns: Columns; grid: Grid; rows: Rows } {
  const columns = new Columns();
  const grid = new Grid(columns, stepMs, 16);
  grid.advance(10);
  return { columns, grid, rows: new Rows(columns, 1000) };
}
const at = (grid: Grid, column: string, slot: number) => grid.at(grid.index(column), slot);

describe("live rows", () => {
  test("each value goes to its column, several of one are added, null and unknown places are absent", () => {
    const { grid, rows } = setting(1000);
    rows.arrange([ask("a"), { ...ask("b"), column: (labels) => (labels["x"] === "no" ? null : "b") }], [[{}], [{ x: "1" }, { x: "2" }, { x: "no" }]]);
    rows.take(grid, 11_000, [1, 2, 3, 99]);
    rows.take(grid, 12_000, [null, 2, null, 99]);
    rows.take(grid, 14_000, [5, null, null, 99]);
    expect([11, 12, 13, 14].map((slot) => at(grid, "a", slot))).toEqual([1, NaN, NaN, 5]);
    expect([11, 12, 13, 14].map((slot) => at(grid, "b", slot))).toEqual([5, 2, NaN, NaN]);
  });

  test("a wide bucket is the mean of its rows so far, with their extremes where asked", () => {
    const { grid, rows } = setting(10_000);
    rows.arrange([ask("a", { extremes: true }), ask("m", { bucket: "max" }), ask("t", { extremes: "max" })], [[{}], [{}], [{}]]);
    for (const [ms, value] of [[101_000, 4], [102_000, 8], [103_000, 0], [111_000, 2]] as const) rows.take(grid, ms, [value, value, value]);
    expect([at(grid, "a", 11), at(grid, "a:min", 11), at(grid, "a:max", 11), at(grid, "m", 11)]).toEqual([4, 0, 8, 8]);
    expect([at(grid, "t", 11), grid.index("t:min"), at(grid, "t:max", 11)]).toEqual([4, -1, 8]);
    expect([at(grid, "a", 12), at(grid, "a:min", 12), at(grid, "a:max", 12), at(grid, "m", 12)]).toEqual([2, 2, 2, 2]);
  });

  test("columns that come later have room", () => {
    const { grid, rows, columns } = setting(1000);
    rows.arrange([ask("a")], [[{}]]);
    rows.take(grid, 11_000, [1]);
    columns.add("other");
    rows.arrange([ask("a"), ask("z")], [[{}], [{}]]);
    rows.take(grid, 12_000, [2, 3]);
    expect([at(grid, "a", 12), at(grid, "z", 12), at(grid, "z", 11)]).toEqual([2, 3, NaN]);
  });
});

describe("answers of the store", () => {
  test("are poured into their columns, off-grid and absent values left out", () => {
    const { grid } = setting(1000);
    const read = { question: ask("a"), promql: "", suffix: ":min" as const };
    pour(grid, read, [{ metric: {}, values: [[6, "1"], [7, "NaN"], [99, "5"]] }, { metric: {}, values: [[6, "2"]] }], 5, 10);
    expect([5, 6, 7].map((slot) => at(grid, "a:min", slot))).toEqual([NaN, 3, NaN]);
    expect(at(grid, "a", 6)).toBeNaN();
  });
});

describe("reading", () => {
  test("a span and the newest sample of a ring", () => {
    const { grid, columns } = setting(1000);
    grid.set(columns.add("a"), 9, 4);
    expect(spanOf(grid, "a", 8000, 10_000)).toEqual({ values: new Float64Array([NaN, 4, NaN]), startMs: 8000, stepMs: 1000 });
    expect(newestOf(grid, "a")).toEqual({ ms: 9000, value: 4 });
    expect(newestOf(grid, "b")).toBeNull();
    expect(spanOf(grid, "b", 9000, 9000).values[0]).toBeNaN();
  });

  test("a span is never longer than the ring, whatever view is being read", () => {
    const { grid } = setting(1000);
    const span = spanOf(grid, "a", 0, 2_592_000_000);
    expect([span.values.length, span.startMs]).toEqual([17, 2_592_000_000 - 16_000]);
  });

  test("rings read across their seam", () => {
    const { grid, columns } = setting(1000);
    for (let slot = 0; slot <= 40; slot++) {
      grid.advance(slot);
      grid.set(columns.add("a"), slot, slot);
    }
    expect([...spanOf(grid, "a", 25_000, 41_000).values]).toEqual([25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, NaN]);
  });
});

describe("questions", () => {
  test("several parts that ask the same ask once, until the last has gone", () => {
    const questions = new Questions();
    expect(questions.add([ask("a"), ask("b")])).toHaveLength(2);
    expect(questions.add([ask("a")])).toHaveLength(0);
    expect(questions.remove([ask("a"), ask("zz")])).toBe(false);
    expect(questions.remove([ask("a")])).toBe(true);
    expect(questions.all.map((question) => question.column({}))).toEqual(["b"]);
  });
});
