import { describe, expect, test } from "vitest";
import { RANGES, rangeText, resolution, stepFor } from "../src/lib/steps";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("the step of a view", () => {
  test.each([
    ["5m", 1000, 1000], ["15m", 1000, 1000], ["1h", 1000, 1000], ["6h", 1000, 30_000], ["24h", 1000, 120_000], ["7d", 1000, 600_000],
    ["30d", 1000, 3_600_000], ["1h", 10_000, 10_000], ["24h", 10_000, 120_000],
  ])("%s of an interval of %d ms is %d", (code, interval, step) => {
    const range = RANGES.find((known) => known.code === code);
    expect(stepFor(range?.ms ?? 0, 1086, interval)).toBe(step);
  });

  test("never has more than one bucket a pixel, nor fewer than the interval", () => {
    for (const { ms } of RANGES) {
      for (const width of [280, 1086, 3800]) {
        const step = stepFor(ms, width, 1000);
        if (step > 1000) expect(ms / step).toBeLessThanOrEqual(width);
      }
    }
  });

  test("is a multiple of an odd interval", () => expect(stepFor(24 * 3_600_000, 1000, 7000) % 7000).toBe(0));
});

describe("the tag", () => {
  test.each([
    [1000, 1000, 900_000, 1086, "1 s · raw"],
    [1000, 1000, 3_600_000, 1086, "1 s · raw, min to max"],
    [10_000, 10_000, 900_000, 1086, "10 s · raw"],
    [30_000, 1000, 21_600_000, 1086, "30 s · mean, min to max"],
    [3_600_000, 1000, 30 * 86_400_000, 1086, "1 h · mean, min to max of 1 min"],
    [500, 500, 60_000, 1086, "500 ms · raw"],
  ])("of %d ms at %d over %d is right", (step, interval, range, columns, text) => {
    expect(plain(resolution(step, interval, range, columns))).toBe(text);
  });

  test.each([
    ["some" as const, "1 h · mean, min to max of some tracks"],
    ["none" as const, "1 h · mean"],
  ])("says no band that was refused: %s", (bands, text) =>
    expect(plain(resolution(3_600_000, 1000, 30 * 86_400_000, 1086, bands))).toBe(text));

  test("a range that zooming made has no name", () => {
    expect(plain(rangeText(900_000))).toBe("15 min");
    expect(rangeText(901_000)).toBe("");
  });
});
