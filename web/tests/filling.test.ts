import { describe, expect, test } from "vitest";
import { type FreeSpace, distant, filling, fillingWords, fromDays, usedAhead } from "../src/lib/filling";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GB = 1e9;

/** Hours of free space that falls by so many GB a day, to `last`. */
function falling(days: number, perDay: number, last: number, every = 1): FreeSpace {
  const hours = Math.round(days * 24);
  const points = Array.from({ length: Math.floor(hours / every) + 1 }, (_, i) => {
    const left = hours - i * every;
    return [i * every * HOUR, (last + (perDay * left) / 24) * GB] as const;
  });
  return { points, sizeBytes: 200 * GB };
}

describe("when a disk is full", () => {
  test("at the rate of a week", () => {
    const found = filling(falling(7, 2, 18));
    expect(found).toMatchObject({ kind: "full", overMs: 7 * DAY });
    expect(found.kind === "full" && Math.round(found.inMs / DAY)).toBe(9);
    expect(usedAhead(found, 18 * GB, 200 * GB)).toBeCloseTo(1 - 4 / 200);
  });

  test.each([
    ["two days are too little", falling(2, 2, 18), "too little history"],
    ["so are holes of hours", falling(7, 2, 18, 2), "too little history"],
    ["and nothing", { points: [], sizeBytes: GB }, "too little history"],
    ["what does not move is steady", falling(7, 0, 18), "steady"],
    ["what hardly moves is steady", falling(7, 0.1, 18), "steady"],
    ["what grows is steady", falling(7, -2, 18), "steady"],
    ["three days are enough", falling(3, 2, 9), "full in 4 days"],
    ["soon", falling(3, 2, 1), "full in less than a day"],
    ["months", falling(7, 0.2, 43), "full in 7 months"],
    ["far away", falling(7, 0.2, 190), "full in over a year"],
  ])("%s", (_, space, words) => expect(fillingWords(filling(space)).replaceAll("\u00a0", " ")).toBe(words));

  test("one big copy does not decide", () => {
    const space = falling(7, 0, 100);
    const points = space.points.map(([ms, free], i) => [ms, i > 84 ? free - 50 * GB : free] as const);
    expect(filling({ ...space, points }).kind).toBe("steady");
  });

  test("what is filled by day and cleared by night is steady", () => {
    const space = falling(7, 0, 100);
    const points = space.points.map(([ms], i) => [ms, (100 - 2 * (i % 24)) * GB] as const);
    expect(filling({ ...space, points }).kind).toBe("steady");
  });

  test("what cannot be said has no picture", () => {
    expect(usedAhead({ kind: "unknown" }, 1, 2)).toBeNull();
    expect(usedAhead({ kind: "full", inMs: DAY, overMs: 7 * DAY, bytesPerDay: GB }, GB, 10 * GB)).toBe(1);
    expect(usedAhead({ kind: "full", inMs: DAY, overMs: 7 * DAY, bytesPerDay: GB }, GB, 0)).toBeNull();
  });

  test.each([
    [1.9 * DAY, "1 day"],
    [9.7 * DAY, "9 days"],
    [60 * DAY, "60 days"],
    [61 * DAY, "2 months"],
    [364 * DAY, "11 months"],
    [400 * DAY, "over a year"],
  ])("%d ms", (ms, words) => expect(distant(ms).replaceAll("\u00a0", " ")).toBe(words));

  test("says from which days", () => expect(fromDays(3.2 * DAY)).toBe("from 3\u00a0days"));
});
