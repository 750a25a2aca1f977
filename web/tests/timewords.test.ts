import { describe, expect, test } from "vitest";
import { readInstant, readSpan } from "../src/lib/timewords";

const NOW = Date.UTC(2026, 10, 23, 14, 3, 22); // a Monday
const at = (...parts: [number, number, number, number?]) => Date.UTC(2026, 10, ...parts);

describe("an instant in words", () => {
  test.each([
    ["now", NOW],
    ["-2h", NOW - 7_200_000],
    ["\u22122h", NOW - 7_200_000],
    ["-90 s", NOW - 90_000],
    ["1.5h ago", NOW - 5_400_000],
    ["3 d ago", NOW - 259_200_000],
    ["3:20", at(23, 3, 20)],
    ["03:20:15", at(23, 3, 20, 15)],
    ["Go to 03:20", at(23, 3, 20)],
    ["23:50", at(22, 23, 50)],
    ["yesterday 3:20", at(22, 3, 20)],
    ["today 14:03", at(23, 14, 3)],
    ["sun 8:00", at(22, 8, 0)],
    ["monday 8:00", at(16, 8, 0)],
    ["2026-11-01 09:30", at(1, 9, 30)],
    ["2026-11-01T09:30", at(1, 9, 30)],
  ])("%s", (text, ms) => expect(readInstant(text, NOW, "UTC")).toBe(ms));

  test.each(["", "3", "cpu", "25:00", "3:60", "today 23:00", "2026-02-30 1:00", "yesterday", "-h", "2026-13-01 1:00", "yesterday 3:20 pm", "mo 8:00"])(
    "is not: %s", (text) => expect(readInstant(text, NOW, "UTC")).toBeNull());

  test("is the zone's own", () => expect(readInstant("3:20", NOW, "Europe/Berlin")).toBe(at(23, 2, 20)));

  test("across a change of clocks", () => {
    const after = Date.UTC(2026, 9, 25, 10, 0);
    expect(readInstant("1:30", after, "Europe/Berlin")).toBe(Date.UTC(2026, 9, 24, 23, 30));
    expect(readInstant("9:00", after, "Europe/Berlin")).toBe(Date.UTC(2026, 9, 25, 8, 0));
    // shown twice: the first, on both sides of Greenwich
    expect(readInstant("2:30", after, "Europe/Berlin")).toBe(Date.UTC(2026, 9, 25, 0, 30));
    expect(readInstant("1:30", Date.UTC(2026, 10, 1, 20), "America/New_York")).toBe(Date.UTC(2026, 10, 1, 5, 30));
    // shown never: as the clocks before would
    expect(readInstant("2:30", Date.UTC(2026, 2, 29, 20), "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 1, 30));
  });
});

describe("a span in words", () => {
  const live = (rangeMs: number) => ({ kind: "live", rangeMs });
  const held = (fromMs: number, toMs: number) => ({ kind: "held", fromMs, toMs });
  const HOUR = 3_600_000;
  test.each([
    ["last 3 days", live(72 * HOUR)],
    ["past hour", live(HOUR)],
    ["90 min", live(1.5 * HOUR)],
    ["45s", live(45_000)],
    ["-2h", live(2 * HOUR)],
    ["The Last  Week", live(168 * HOUR)],
    ["yesterday", held(at(22, 0, 0), at(23, 0, 0))],
    ["today", held(at(23, 0, 0), NOW)],
    ["2026-11-01", held(at(1, 0, 0), at(2, 0, 0))],
    ["friday", held(at(20, 0, 0), at(21, 0, 0))],
    ["yesterday 3:20 to 4:00", held(at(22, 3, 20), at(22, 4, 0))],
    ["from 3:20 to 4:00", held(at(23, 3, 20), at(23, 4, 0))],
    ["3:20\u20134:00", held(at(23, 3, 20), at(23, 4, 0))],
    ["yesterday 23:50 - 0:10", held(at(22, 23, 50), at(23, 0, 10))],
    ["friday to sunday", held(at(20, 0, 0), at(23, 0, 0))],
    ["2026-11-01 9:00 until 2026-11-02 10:30", held(at(1, 9, 0), at(2, 10, 30))],
    ["2026-11-01T09:00 to 2026-11-02T10:30", held(at(1, 9, 0), at(2, 10, 30))],
    ["since 9:00", held(at(23, 9, 0), NOW)],
    ["since yesterday", held(at(22, 0, 0), NOW)],
    ["9:00 to 23:00", held(at(23, 9, 0), NOW)],
    ["9:00 to today 23:00", held(at(23, 9, 0), NOW)],
    ["-2h to -1h", held(NOW - 2 * HOUR, NOW - HOUR)],
    ["9:00 to now", held(at(23, 9, 0), NOW)],
  ])("%s", (text, span) => expect(readSpan(text, NOW, "UTC")).toEqual(span));

  test.each(["", "cpu", "3:20", "-1h to -2h", "9:00 to", "to 9:00", "9:00 to 10:00 to 11:00", "2026-12-01", "today 23:00 to 23:30", "last", "3 months", "25:00 to 26:00"])(
    "is not: %s", (text) => expect(readSpan(text, NOW, "UTC")).toBeNull());

  test("a day is as long as its clocks make it", () => {
    const after = Date.UTC(2026, 9, 26, 10, 0);
    expect(readSpan("2026-10-25", after, "Europe/Berlin")).toEqual(held(Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 23)));
  });
});
