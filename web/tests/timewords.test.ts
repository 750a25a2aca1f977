import { describe, expect, test } from "vitest";
import { readInstant } from "../src/lib/timewords";

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
  });
});
