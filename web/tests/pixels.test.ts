import { describe, expect, test } from "vitest";
import { cumulate, gaps, giveBack, highestOf, lend, partly, reduce, split, summarise } from "../src/lib/pixels";

const row = (...values: number[]) => new Float64Array(values);

describe("stacks", () => {
  test("each row is the sum of itself and the rows below; absent only where all are", () => {
    const [a, b] = cumulate([row(1, NaN, NaN, -2), row(2, 3, NaN, 1)]);
    expect([...(a as Float64Array)]).toEqual([1, 0, NaN, 0]);
    expect([...(b as Float64Array)]).toEqual([3, 3, NaN, 1]);
    expect(cumulate([])).toEqual([]);
  });
});

const told = (rows: Float64Array[], startMs: number, stepMs: number, columns: number) => {
  const { x, lines } = reduce(rows, startMs, stepMs, columns);
  return { x: [...x], lines: lines.map((line) => [...line]) };
};

describe("pixel columns", () => {
  test("samples that fit are drawn as they are, a gap of one stays a gap", () => {
    expect(told([row(1, NaN, 3)], 5000, 1000, 10)).toEqual({ x: [5000, 6000, 7000], lines: [[1, NaN, 3]] });
  });

  test("a column has its minimum and maximum, in the order they came", () => {
    expect(told([row(1, 9, 2, 3, 7, 0, 5, 5)], 0, 1000, 2)).toEqual({ x: [0, 2000, 4000, 6000], lines: [[1, 9, 7, 0]] });
  });

  test("no spike is lost, whatever the width", () => {
    const values = new Float64Array(3600).fill(1);
    values[1801] = 100;
    for (const width of [97, 840, 1086, 3599]) expect(Math.max(...(told([values], 7_000, 1000, width).lines[0] as number[]))).toBe(100);
  });

  test("a column that holds a gap, however short, shows it", () => {
    const values = new Float64Array(100).fill(1);
    values[50] = NaN;
    expect((told([values], 0, 1000, 10).lines[0] as number[]).filter(Number.isNaN)).toHaveLength(2);
  });

  test("there are never more columns than pixels, but for the two that the edges cut", () => {
    for (const startMs of [0, 1000, 17_000, 123_456_000]) {
      const found = split(3600, startMs, 1000, 840) as { starts: Int32Array };
      expect(found.starts.length - 1).toBeLessThanOrEqual(841);
      expect([found.starts[0], found.starts.at(-1)]).toEqual([0, 3600]);
    }
    expect(split(10, 0, 1000, 10)).toBeNull();
  });

  test("borders stay where they are in time while a view moves on: nothing shimmers", () => {
    const borders = (startMs: number) => [...(split(3600, startMs, 1000, 840) as { starts: Int32Array }).starts].slice(1, -1).map((at) => startMs / 1000 + at);
    const [now, later] = [borders(1_000_000), borders(1_001_000)];
    expect(later.filter((border) => now.includes(border)).length).toBeGreaterThan(later.length - 3);
  });

  test("a heat map's bucket shows its maximum, absent only where all is", () => {
    const found = split(8, 0, 1000, 2) as { starts: Int32Array };
    expect([...highestOf(row(1, NaN, 3, 2, NaN, NaN, NaN, NaN), found.starts)]).toEqual([3, NaN]);
    expect([...highestOf(row(1, 2), null)]).toEqual([1, 2]);
  });

  test("arrays are lent from one picture to the next", () => {
    giveBack();
    const first = lend(10);
    giveBack();
    expect(lend(10).buffer).toBe(first.buffer);
    expect(lend(10).buffer).not.toBe(first.buffer);
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

  test("reach beyond the edges as far as they are known to", () => {
    const known = [{ fromMs: -5000, toMs: 2000 }, { fromMs: 4000, toMs: 9000 }];
    expect(gaps([row(NaN, NaN, 1, 1, 1, NaN, NaN)], 0, 1000, known)).toEqual([{ fromMs: 0, toMs: 2000 }, { fromMs: 4000, toMs: 6000 }]);
    // what of a track alone is missing there is none of the host's
    expect(gaps([row(NaN, NaN, NaN, 1, NaN)], 2000, 1000, known.slice(0, 1))).toEqual([]);
    expect(gaps([row(NaN, NaN)], 5000, 1000, known)).toEqual([{ fromMs: 5000, toMs: 6000 }]);
    expect(gaps([], 0, 1000, known)).toEqual([]);
  });
});

describe("wide buckets", () => {
  test("of which a part was not heard are told, the first after silence and the newest are not", () => {
    expect(partly(row(NaN, 0.5, 1, 0.9, 1, NaN, 0.2, 0.3), 10_000, 10_000)).toEqual([{ fromMs: 30_000, toMs: 40_000 }]);
  });
});

describe("a summary", () => {
  test("leaves gaps out", () => {
    expect(summarise(row(1, NaN, 5, 3), 10_000, 1000)).toEqual({ least: 1, mean: 3, p95: 5, highest: 5, highestMs: 12_000, last: 3 });
    expect(summarise(row(NaN), 0, 1000)).toBeNull();
  });

  test("has the value that 95 of 100 lie below", () => {
    expect(summarise(Float64Array.from({ length: 100 }, (_, i) => i), 0, 1000)?.p95).toBe(95);
  });
});
