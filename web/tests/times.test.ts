import { describe, expect, test } from "vitest";
import { clock, dated, instant, localZone, ticks, withDay, zoneName } from "../src/lib/times";

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

  test("say their day where it is another than today's, however short the view", () => {
    expect(withDay("14:03", T, T + H, "UTC")).toBe("14:03");
    expect(withDay("14:03", T, T + 24 * H, "UTC")).toBe("23 Nov, 14:03");
    expect(withDay("14:03", T, T + 365 * 24 * H, "UTC")).toBe("23 Nov, 14:03");
    expect(withDay("23:30", Date.UTC(2026, 10, 23, 22, 30), T, "Asia/Tokyo")).toBe("24 Nov, 23:30");
    expect(dated(T, H, T + 24 * H, "UTC")).toBe("23 Nov, 14:03:22");
    expect(dated(T, 48 * H, T, "UTC")).toBe("23 Nov, 14:03");
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

  test("stay round where clocks are changed", () => {
    const days = (from: number, to: number, zone: string) => ticks(from, to, 700, 74, zone).map((tick) => `${tick.text} ${clock(tick.ms, zone, false)}`);
    const autumn = days(Date.UTC(2026, 9, 21, 12), Date.UTC(2026, 9, 28, 12), "Europe/Berlin");
    expect(autumn).toEqual([22, 23, 24, 25, 26, 27, 28].map((day) => `${day} Oct 00:00`));
    expect(days(Date.UTC(2026, 2, 26, 12), Date.UTC(2026, 3, 1, 12), "Europe/Berlin")).toEqual(
      ["27 Mar", "28 Mar", "29 Mar", "30 Mar", "31 Mar", "1 Apr"].map((day) => `${day} 00:00`),
    );
    const nights = (from: number, step: number) => ticks(from, from + 5 * H, (5 * H * 74) / step, 74, "Europe/Berlin").map((tick) => `${(tick.ms - from) / H} ${tick.text}`);
    // 02:00 is twice, or not at all
    expect(nights(Date.UTC(2026, 9, 24, 22), H)).toEqual(["0 00:00", "1 01:00", "2 02:00", "3 02:00", "4 03:00", "5 04:00"]);
    expect(nights(Date.UTC(2026, 9, 24, 22), 2 * H)).toEqual(["0 00:00", "2 02:00", "5 04:00"]);
    expect(nights(Date.UTC(2026, 2, 28, 23), 2 * H)).toEqual(["0 00:00", "3 04:00", "5 06:00"]);
  });

  test("have seconds where they are closer than a minute", () => {
    expect(ticks(T - 120_000, T, 840, 74, "UTC")[0]?.text).toBe("14:01:30");
  });

  test("are absent where there is no room or no range", () => {
    expect(ticks(T, T, 800, 74, "UTC")).toEqual([]);
    expect(ticks(T - H, T, 0, 74, "UTC")).toEqual([]);
  });
});
