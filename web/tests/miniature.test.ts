import { describe, expect, test } from "vitest";
import { highestAmong, highestOf, peakOf, peakWithin, spark } from "../src/lib/miniature";

const row = (...values: number[]) => Float64Array.from(values);

describe("sparklines", () => {
  test("each column shows its highest; a column without a sample is a gap", () => {
    expect([...highestOf(row(1, 5, 2, 3, NaN, NaN, NaN, 4), 4)]).toEqual([5, 3, NaN, 4]);
    expect([...highestOf(row(1, 2), 4)]).toEqual([1, 2]);
  });

  test("paths in a box, clipped to it", () => {
    expect(spark(row(0, 10, 20), 4, 10, 10)).toEqual({ line: "M0 10L2 0L4 0", area: "M0 10L0 10L2 0L4 0V10Z" });
  });

  test("gaps break the line, a lonely sample is a stroke", () => {
    const { line } = spark(row(1, 1, NaN, 1, NaN), 8, 10, 1);
    expect(line).toBe("M0 0L2 0M6 0h1");
    expect(spark(row(NaN, NaN), 4, 10, 1)).toEqual({ line: "", area: "" });
    expect(spark(row(), 4, 10, 1).line).toBe("");
    expect(spark(row(3), 4, 10, 0).line).toBe("M0 10h1");
  });

  test("peaks leave out what is absent", () => {
    expect(peakOf(row(1, NaN, 7, 7))).toEqual({ value: 7, place: 2 });
    expect(peakOf(row(NaN))).toBeNull();
    expect([...highestAmong(row(1, NaN, NaN), row(NaN, NaN, 2), row(3, NaN, 1))]).toEqual([3, NaN, 2]);
  });

  test("a peak is the highest second within a bucket, where that is known of each", () => {
    expect(peakWithin(row(12, NaN, 5), row(100, NaN, 6))).toEqual({ value: 100, place: 0, exact: true });
    expect(peakWithin(row(12, 5), row(NaN, 8))).toEqual({ value: 12, place: 0, exact: false });
    expect(peakWithin(row(12, 5), row())).toEqual({ value: 12, place: 0, exact: false });
    expect(peakWithin(row(NaN), row())).toBeNull();
  });
});
