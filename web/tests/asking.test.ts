import { describe, expect, test } from "vitest";
import { Asking, type Question, asked, finerStep, join, keyOf, promDuration, selector } from "../src/lib/asking";

const question = (more: Partial<Question> = {}): Question => ({ track: "t", promql: (ask) => ask.rate("x"), column: () => "c", ...more });
const told = (more: Partial<Question>, stepMs: number) => asked(question(more), new Asking("h", stepMs, 1000)).map((one) => [one.suffix, one.promql]);
const X = 'x{job="node",instance="h"}';

describe("asking", () => {
  test("a second asks for samples, a wider step for means", () => {
    expect(new Asking("h", 1000, 1000).rate("x", 'a="b"')).toBe('irate(x{job="node",instance="h",a="b"}[2s])');
    expect(new Asking("h", 30_000, 1000).rate("x")).toBe(`rate(${X}[31s])`);
    expect(new Asking("h", 1000, 1000).gauge("x")).toBe(`last_over_time(${X}[1s])`);
    expect(new Asking("h", 30_000, 1000).gauge("x")).toBe(`avg_over_time(${X}[30s])`);
    expect(new Asking("h", 30_000, 1000).latest("x")).toBe(X);
  });

  test("a host's name cannot leave its quotes", () => {
    expect(selector('a"b\\c')).toBe('{job="node",instance="a\\"b\\\\c"}');
  });

  test.each([[1000, "1s"], [31_000, "31s"], [500, "500ms"], [3_600_000, "3600s"]])("%d ms are %s", (ms, text) =>
    expect(promDuration(ms)).toBe(text));

  test("extremes are asked for where a bucket holds several samples, and nowhere else", () => {
    expect(told({ extremes: true }, 1000)).toEqual([["", `irate(${X}[2s])`]]);
    expect(told({ extremes: true }, 30_000)).toEqual([
      ["", `rate(${X}[31s])`],
      [":min", `min_over_time((irate(${X}[2s]))[30s:1s])`],
      [":max", `max_over_time((irate(${X}[2s]))[30s:1s])`],
    ]);
    expect(told({ extremes: "max" }, 1000)).toHaveLength(1);
    expect(told({ extremes: "max" }, 30_000).map(([suffix]) => suffix)).toEqual(["", ":max"]);
    expect(told({}, 30_000)).toHaveLength(1);
    expect(told({ bucket: "max" }, 120_000)).toEqual([["", `max_over_time((rate(${X}[11s]))[120s:10s])`]]);
  });

  test.each([[1000, 1000], [30_000, 1000], [60_000, 1000], [120_000, 10_000], [900_000, 60_000], [3_600_000, 60_000], [43_200_000, 3_600_000]])(
    "buckets of %d ms have the extremes of %d ms", (stepMs, finer) => expect(finerStep(stepMs, 1000)).toBe(finer));

  test("a step that no tier divides is its own", () => expect(finerStep(7_777_000, 1000)).toBe(7_777_000));

  test("series of one column are added, or the highest counts", () => {
    expect([join(question(), NaN, 2), join(question(), 1, 2), join(question({ join: "max" }), 3, 2)]).toEqual([2, 3, 3]);
  });

  test("the same question of the same track is one", () => {
    expect(keyOf(question())).toBe(keyOf(question()));
    expect(keyOf(question({ track: "other" }))).not.toBe(keyOf(question()));
  });
});
