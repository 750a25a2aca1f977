import { describe, expect, test } from "vitest";
import { Columns } from "../src/lib/columns";
import { Grid } from "../src/lib/grid";

function read(grid: Grid, column: string, from: number, count: number): number[] {
  const out = new Float64Array(count);
  grid.read(grid.index(column), from, out);
  return [...out];
}

describe("the grid", () => {
  test("places that are passed over are gaps", () => {
    const grid = new Grid(new Columns(["a", "b"]), 1000, 8);
    for (const slot of [100, 101, 104]) {
      grid.advance(slot);
      grid.set(0, slot, slot);
    }
    expect(read(grid, "a", 99, 7)).toEqual([NaN, 100, 101, NaN, NaN, 104, NaN]);
    expect(read(grid, "b", 100, 2)).toEqual([NaN, NaN]);
  });

  test("forgets what the ring has passed", () => {
    const grid = new Grid(new Columns(["a"]), 1000, 4);
    for (let slot = 10; slot < 20; slot++) {
      grid.advance(slot);
      grid.set(0, slot, slot);
    }
    expect(read(grid, "a", 14, 7)).toEqual([NaN, NaN, 16, 17, 18, 19, NaN]);
    grid.advance(100);
    expect(read(grid, "a", 97, 4)).toEqual([NaN, NaN, NaN, NaN]);
    grid.set(0, 50, 1);
    expect(grid.at(0, 50)).toBeNaN();
  });

  test("an instant belongs to the bucket that it ends in", () => {
    const grid = new Grid(new Columns(["a"]), 10_000, 4);
    expect([grid.slot(20_000), grid.slot(20_001), grid.slot(29_999), grid.slot(30_000)]).toEqual([2, 3, 3, 3]);
    expect(grid.ms(3)).toBe(30_000);
  });

  test("a copy is not touched by later samples", () => {
    const grid = new Grid(new Columns(["a"]), 1000, 2);
    grid.advance(5);
    grid.set(0, 5, 1);
    const copy = grid.copy();
    grid.advance(9);
    expect(copy.at(0, 5)).toBe(1);
    expect(copy.newest).toBe(5);
  });

  test("knows the samples around a gap", () => {
    const grid = new Grid(new Columns(["a", "b"]), 1000, 10);
    grid.advance(19);
    grid.set(0, 12, 1);
    grid.set(1, 16, 1);
    expect(grid.gapAround(14)).toEqual({ before: 12, after: 16 });
    expect(grid.gapAround(11)).toEqual({ before: null, after: 12 });
    expect(grid.gapAround(18)).toEqual({ before: 16, after: null });
    expect([grid.gapAround(12), grid.gapAround(16), grid.gapAround(99)]).toEqual([null, null, null]);
  });

  test("covers a window only while it holds all of it", () => {
    const grid = new Grid(new Columns(["a"]), 1000, 10);
    grid.advance(20);
    expect(grid.covers(11_000, 20_000)).toBe(true);
    expect(grid.covers(11_000, 20_500)).toBe(true);
    expect(grid.covers(10_000, 20_000)).toBe(false);
    expect(grid.covers(11_000, 21_000)).toBe(false);
  });
});
