import { describe, expect, test } from "vitest";
import { cumulate, gaps, reduce, summarise } from "../src/lib/pixels";

const row = (...values: number[]) => new Float64Array(values);

describe("stacks", () => {
  test("each row is the sum of itself and the rows below; absent only where all are", () => {
    const [a, b] = cumulate([row(1, NaN, NaN, -2), row(2, 3, NaN, 1)]);
    expect([...(a as Float64Array)]).toEqual([1, 0, NaN, 0]);
    expect([...(b as Float64Array)]).toEqual([3, 3, NaN, 1]);
    expect(cumulate([])).toEqual([]);
  });
});

describe("pixel columns", () => {
  test("samples that fit are drawn as they are, a gap of one stays a gap", () => {
    expect(reduce([row(1, NaN, 3)], 5000, 1000, 10)).toEqual({ x: [5, 6, 7], lines: [[1, null, 3]] });
  });

  test("a column has its minimum and maximum, in the order they came", () => {
    const { x, lines } = reduce([row(1, 9, 2, 3, 7, 0, 5, 5)], 0, 1000, 2);
    expect(x).toEqual([0, 2, 4, 6]);
    expect(lines).toEqual([[1, 9, 7, 0]]);
  });

  test("no spike is lost, whatever the width", () => {
    const values = new Float64Array(3600).fill(1);
    values[1801] = 100;
    for (const width of [97, 840, 1086, 3599]) {
      expect(Math.max(...(reduce([values], 0, 1000, width).lines[0] as number[]))).toBe(100);
    }
  });

  test("a column that holds a gap, however short, shows it", () => {
    const values = new Float64Array(100).fill(1);
    values[55] = NaN;
    const { lines } = reduce([values], 0, 1000, 10);
    expect(lines[0]?.slice(8, 14)).toEqual([1, 1, null, null, 1, 1]);
  });
});

describe("gaps", () => {
  test("reach from the last sample before to the first after, of all rows", () => {
    expect(gaps([row(NaN, 1, NaN, NaN, 1, 1), row(NaN, NaN, 2, NaN, 1, 1)], 10_000, 1000)).toEqual([{ fromMs: 12_000, toMs: 14_000 }]);
  });

  test("one missing interval is a gap, the paper before and after the record is not", () => {
    expect(gaps([row(NaN, 1, NaN, 1, NaN)], 0, 1000)).toEqual([{ fromMs: 1000, toMs: 3000 }]);
    expect(gaps([row(NaN, NaN)], 0, 1000)).toEqual([]);
    expect(gaps([], 0, 1000)).toEqual([]);
  });
});

test("a summary leaves gaps out", () => {
  expect(summarise(row(1, NaN, 5), 10_000, 1000)).toEqual({ mean: 3, highest: 5, highestMs: 12_000 });
  expect(summarise(row(NaN), 0, 1000)).toBeNull();
});
