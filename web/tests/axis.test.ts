import { describe, expect, test } from "vitest";
import { CalmMaximum, roundMaximum, scaleOf, splits } from "../src/lib/axis";

describe("maxima", () => {
  test.each([[0, 1, 1], [0.3, 1, 1], [1, 1, 1], [1.01, 1, 2], [2.1, 1, 5], [5.1, 1, 10], [72e6, 1e6, 1e8], [NaN, 1e6, 1e6], [1.7e308, 1, 1.7e308], [Infinity, 1, Number.MAX_VALUE], [0, Number.MIN_VALUE, Number.MIN_VALUE], [0.30000000000000004, 0.1, 0.5]])(
    "of %d, at least %d, is %d", (value, floor, maximum) => expect(roundMaximum(value, floor)).toBeCloseTo(maximum));

  test("grow at once, and shrink only after a minute below half", () => {
    const calm = new CalmMaximum(1);
    expect(calm.next(80, 0)).toBe(100);
    expect(calm.next(120, 1000)).toBe(200);
    expect(calm.next(30, 2000)).toBe(200);
    expect(calm.next(30, 61_000)).toBe(200);
    expect(calm.next(150, 61_500)).toBe(200);
    expect(calm.next(30, 62_000)).toBe(200);
    expect(calm.next(30, 121_999)).toBe(200);
    expect(calm.next(30, 122_000)).toBe(50);
  });

  test("do not shrink for what is not below half", () => {
    const calm = new CalmMaximum(1);
    calm.next(99, 0);
    expect(calm.next(60, 1_000_000)).toBe(100);
  });

  test("start anew with another view", () => {
    const calm = new CalmMaximum(1);
    calm.next(900, 0);
    calm.reset();
    expect(calm.next(3, 1)).toBe(5);
  });
});

describe("labels of an axis", () => {
  test.each([
    [0, 100, [0, 50, 100]], [0, 10, [0, 5, 10]], [0, 50, [0, 25, 50]], [0, 5, [0, 2.5, 5]], [0, 200, [0, 100, 200]], [30, 90, [30, 50, 70, 90]],
    [0, 31.3, [0, 10, 20, 31.3]], [0, 23.5, [0, 10, 23.5]], [0, 7.8, [0, 5, 7.8]], [0, 15.6, [0, 5, 10, 15.6]],
  ])("from %d to %d", (low, high, labels) => expect(splits(low, high)).toEqual(labels));

  test("are four at most, whatever the maximum", () => {
    for (let high = 0.013; high < 9e12; high *= 1.37) expect(splits(0, high).length).toBeLessThanOrEqual(4);
  });
});

describe("a scale of few steps", () => {
  test("is the smallest that holds", () => {
    expect([0, 10, 10.1, 26, 99, 400].map((value) => scaleOf([10, 25, 60, 100], value))).toEqual([10, 10, 25, 60, 100, 100]);
  });

  test("grows at once and shrinks after a minute below half", () => {
    const calm = new CalmMaximum(10, (value) => scaleOf([10, 25, 60, 100], value));
    expect([calm.next(3, 0), calm.next(30, 1000), calm.next(12, 2000), calm.next(12, 61_000), calm.next(12, 62_000)]).toEqual([10, 60, 60, 60, 25]);
  });
});
