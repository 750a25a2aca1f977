import { describe, expect, test } from "vitest";
import { clock, instant, localZone, ticks, zoneName } from "../src/lib/times";

const H = 3_600_000;
const T = Date.UTC(2026, 10, 23, 14, 3, 22);

describe("instants", () => {
  test("are written with 24 hours, seconds only below a range of 6 h", () => {
    expect(clock(T, "UTC")).toBe("14:03:22");
    expect(clock(Date.UTC(2026, 0, 1), "UTC")).toBe("00:00:00");
    expect(instant(T, H, "UTC")).toBe("14:03:22");
    expect(instant(T, 6 * H, "UTC")).toBe("14:03");
    expect(instant(T, 24 * H, "UTC")).toBe("14:03");
    expect(instant(T, 48 * H, "UTC")).toBe("23 Nov, 14:03");
  });

  test("follow the zone, which is named", () => {
    expect(clock(T, "Europe/Berlin")).toBe("15:03:22");
    expect(zoneName(T, "UTC")).toBe("UTC");
    expect(zoneName(T, "Europe/Berlin")).toBe("CET");
    expect(localZone()).toMatch(/\w/);
  });
});

describe("labels of the axis", () => {
  test.each([
    [5 * 60_000, 840, 74, 30_000],
    [15 * 60_000, 1086, 74, 120_000],
    [H, 1086, 74, 300_000],
    [24 * H, 1086, 74, 7_200_000],
    [30 * 24 * H, 1086, 74, 5 * 24 * H],
  ])("of %d ms on %d px stand on round steps", (range, width, spacing, step) => {
    const found = ticks(T - range, T, width, spacing, "UTC");
    expect(found.length).toBeGreaterThan(3);
    for (const [i, tick] of found.entries()) {
      expect(tick.ms).toBeGreaterThanOrEqual(T - range);
      if (i > 0) expect(tick.ms - (found[i - 1]?.ms ?? 0)).toBe(step);
    }
  });

  test("stand on round instants of the local clock and name the day at midnight", () => {
    const found = ticks(T - 24 * H, T, 1086, 74, "Asia/Kolkata");
    expect(found.map((tick) => tick.text)).toContain("23 Nov");
    expect(found.filter((tick) => tick.text.includes(":")).every((tick) => tick.text.endsWith(":00"))).toBe(true);
  });

  test("have seconds where they are closer than a minute", () => {
    expect(ticks(T - 120_000, T, 840, 74, "UTC")[0]?.text).toBe("14:01:30");
  });

  test("are absent where there is no room or no range", () => {
    expect(ticks(T, T, 800, 74, "UTC")).toEqual([]);
    expect(ticks(T - H, T, 0, 74, "UTC")).toEqual([]);
  });
});
