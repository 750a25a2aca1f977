import { expect, test } from "vitest";
import { sparkPath } from "../src/lib/spark";

test("a line from 0 to its greatest", () => {
  const path = sparkPath([0, 10.8 / 1.08], 100, 20);
  expect(path.line).toBe("M0 20L100 1.5");
  expect(path.area).toBe("M0 20L0 20L100 1.5L100 20Z");
  expect(path.limitY).toBeNull();
});

test("a gap stays a gap, and a value alone is seen", () => {
  expect(sparkPath([1, null, 1, 1], 30, 10).line).toBe("M0 0.7L1 0.7M20 0.7L30 0.7");
  expect(sparkPath([null, null], 30, 10).line).toBe("");
  expect(sparkPath([2, NaN], 30, 10).area).toBe("M0 10L0 0.7L1 0.7L1 10Z");
});

test("the limit is inside, also above all values", () => {
  const path = sparkPath([1, 2], 10, 100, 4);
  expect(path.limitY).toBe(7.4);
  expect(path.maximum).toBeCloseTo(4.32);
});

test("nothing but zeros lies on the floor", () => expect(sparkPath([0, 0], 10, 10).line).toBe("M0 10L10 10"));
