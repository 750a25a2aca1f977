import { expect, test } from "vitest";
import { eachSecond, seriesOf, valueOf } from "../src/lib/ruleexpression";

test.each([
  ["rate(x[15s]) > 0.20", "rate(x[15s])", 0.2, true],
  ["x < 5", "x", 5, false],
  ["x >= bool 1e3", "x", 1000, true],
  ['(x{a=">"} / y) * 100 > 90', '(x{a=">"} / y) * 100', 90, true],
  ["((x > 2))", "x", 2, true],
  ["x > 1 and on (instance) y < 3", "x", 1, true],
  ["(x > 90) or (x > 80 and z)", "x", 90, true],
  ["x == 0 unless y", "x", 0, true],
  ["a > b", "a", null, true],
  ["predict_linear(x[1h], 3600) < 0", "predict_linear(x[1h], 3600)", 0, false],
  ["x > -5", "x", -5, true],
  ["x != (1)", "x", 1, true],
])("%s", (expression, promql, limit, isAbove) => expect(valueOf(expression)).toEqual({ promql, limit, isAbove }));

test.each(["up", "vector(1)", "absent(x)", ""])("%s compares nothing", (expression) => expect(valueOf(expression)).toBeNull());

test.each([
  ["100 * rate(x[15s])", "100 * rate(x[2s])"],
  ["avg_over_time(x[5m]) / avg_over_time(y[1m])", "avg_over_time(x[2s]) / avg_over_time(y[2s])"],
  ["increase(x[5m])", null],
  ["x", null],
  ["max_over_time(rate(x[1m])[5m:1m])", null],
  ["rate(x[2s])", null],
])("second by second: %s", (promql, found) => expect(eachSecond(promql, 1000)).toBe(found));

test("the series of an alert has only its labels, and most of them", () => {
  const made = (metric: Record<string, string>) => ({ metric });
  const labels = { alertname: "x", instance: "a", device: "sda" };
  const found = [made({}), made({ instance: "b" }), made({ __name__: "n", instance: "a", device: "sda" }), made({ instance: "a" })];
  expect(seriesOf(found, labels)).toBe(found[2]);
  expect(seriesOf([made({ instance: "b" })], labels)).toBeNull();
});
