import { describe, expect, test } from "vitest";
import { CalmMaximum, roundMaximum, stackSplits } from "../src/lib/axis";

describe("maxima", () => {
  test.each([[0, 1, 1], [0.3, 1, 1], [1, 1, 1], [1.01, 1, 2], [2.1, 1, 5], [5.1, 1, 10], [72e6, 1e6, 1e8], [NaN, 1e6, 1e6], [0.30000000000000004, 0.1, 0.5]])(
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

describe("labels of a stack", () => {
  test.each([[100, [0, 50, 100]], [31.3, [0, 10, 20, 31.3]], [23.5, [0, 10, 23.5]], [7.8, [0, 2, 4, 6, 7.8]], [15.6, [0, 5, 10, 15.6]]])(
    "up to %d", (maximum, labels) => expect(stackSplits(maximum)).toEqual(labels));
});
