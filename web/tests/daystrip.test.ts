import { describe, expect, test } from "vitest";
import { DAY, MONTH, bounded, scaleFor } from "../src/lib/daystrip.svelte";

const HOUR = 3_600_000;
const NOW = 1_795_435_200_000;

describe("the day strip", () => {
  test.each([
    ["a quarter of an hour", NOW - HOUR / 4, NOW, DAY],
    ["all of the day", NOW - 24 * HOUR, NOW, DAY],
    ["a week", NOW - 7 * 24 * HOUR, NOW, MONTH],
    ["an hour of the day before", NOW - 30 * HOUR, NOW - 29 * HOUR, MONTH],
  ])("shows %s", (_, fromMs, toMs, scale) => expect(scaleFor({ fromMs, toMs }, NOW)).toBe(scale));

  test("a window stays in what has happened, and is never nothing", () => {
    expect(bounded(NOW - 10, NOW + 90, NOW, "all")).toEqual({ fromMs: NOW - 100, toMs: NOW });
    expect(bounded(NOW - 100, NOW - 50, NOW, "all")).toEqual({ fromMs: NOW - 100, toMs: NOW - 50 });
    expect(bounded(NOW - HOUR, NOW + HOUR, NOW, "to")).toEqual({ fromMs: NOW - HOUR, toMs: NOW });
    expect(bounded(NOW - HOUR, NOW - 2 * HOUR, NOW, "to")).toEqual({ fromMs: NOW - HOUR, toMs: NOW - HOUR + 10_000 });
    expect(bounded(NOW, NOW - HOUR, NOW, "from")).toEqual({ fromMs: NOW - HOUR - 10_000, toMs: NOW - HOUR });
  });
});
