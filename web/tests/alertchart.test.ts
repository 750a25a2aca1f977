import { expect, test } from "vitest";
import { axisText, lineOf, pathOf, scaleOf } from "../src/lib/alertchart";

const FRAME = { fromMs: 0, toMs: 10_000, widthPx: 100, heightPx: 100, leftPx: 10, topPx: 0 };

test("a scale holds values and limit, from 0", () => {
  const scale = scaleOf([{ startMs: 0, stepMs: 1000, values: [1, null, 3] }], 8, FRAME);
  expect([scale.low, scale.high]).toEqual([0, 10]);
  expect([scale.x(5000), scale.y(0), scale.y(10)]).toEqual([60, 100, 0]);
});

test("what falls below 0 is in sight, and nothing at all has a scale too", () => {
  const scale = scaleOf([{ startMs: 0, stepMs: 1000, values: [-3, 2] }], null, FRAME);
  expect([scale.low, scale.high, scale.splits]).toEqual([-5, 5, [-5, 0, 5]]);
  expect(scaleOf([], null, FRAME).high).toBe(1);
  // a limit below 0, before any value is there
  expect(scaleOf([], -1, FRAME).splits).toEqual([-2, 0]);
});

test("samples take their places, a gap stays a gap", () => {
  const line = lineOf([[1, "2"], [3, "4"], [4, "4"], [99, "7"]], 1000, 5000, 1000);
  expect(line.values).toEqual([2, null, 4, 4, null]);
  const scale = scaleOf([line], null, FRAME);
  expect(pathOf(line, scale).line).toBe("M20 60h1M40 20L50 20");
  expect(pathOf(line, scale).area.match(/M/g)).toHaveLength(2);
});

test.each([[0, "0"], [0.25, "0.25"], [1500, "1500"], [20_000, "20 k"], [2.5e6, "2.5 M"], [3e9, "3 G"], [-5, "−5"]])("%d at the axis", (value, text) => expect(axisText(value)).toBe(text));
