import { expect, test } from "vitest";
import { fieldOf, pickFields, pickWords } from "../src/lib/picking";

const NOW = Date.UTC(2026, 10, 23, 14, 3, 22);
const fields = (from: string, to: string) => pickFields(from, to, NOW, "UTC");

test("a field holds an instant as clocks of the zone show it, and gives it back", () => {
  expect(fieldOf(NOW, "UTC")).toBe("2026-11-23T14:03:22");
  expect(fieldOf(NOW, "Europe/Berlin")).toBe("2026-11-23T15:03:22");
  expect(fieldOf(Date.UTC(2026, 0, 2), "UTC")).toBe("2026-01-02T00:00:00");
  expect(pickFields(fieldOf(NOW - 60_000, "Europe/Berlin"), fieldOf(NOW, "Europe/Berlin"), NOW, "Europe/Berlin")).toEqual({ kind: "held", fromMs: NOW - 60_000, toMs: NOW });
});

test("words and fields give a span", () => {
  expect(pickWords("last 3 days", NOW, "UTC")).toEqual({ kind: "live", rangeMs: 259_200_000 });
  expect(fields("2026-11-22T03:20", "2026-11-22T04:00:30")).toEqual({ kind: "held", fromMs: Date.UTC(2026, 10, 22, 3, 20), toMs: Date.UTC(2026, 10, 22, 4, 0, 30) });
  expect(fields("2026-11-23T14:00", "")).toEqual({ kind: "held", fromMs: Date.UTC(2026, 10, 23, 14), toMs: NOW });
  expect(fields("2026-11-23T14:00", "2026-11-23T20:00")).toEqual({ kind: "held", fromMs: Date.UTC(2026, 10, 23, 14), toMs: NOW });
});

test.each([
  [pickWords(" next week", NOW, "UTC"), "“next week” is no range that is over or goes on. Try last 3 days, yesterday 3:20 to 4:00, since 9:00."],
  [pickWords("90 days", NOW, "UTC"), "That is 90\u00a0d; the longest view is 31\u00a0d."],
  [pickWords("5s", NOW, "UTC"), "That is 5\u00a0s; the shortest view is 10\u00a0s."],
  [fields("", "2026-11-23T14:00"), "Say from when."],
  [fields("2026-11-24T14:00", ""), "The beginning is yet to come."],
  [fields("2026-11-23T10:00", "2026-11-23T10:00"), "The end is not after the beginning."],
  [fields("2026-01-01T10:00", ""), "That is 326\u00a0d 4\u00a0h; the longest view is 31\u00a0d."],
])("%s", (picked, words) => expect(picked).toBe(words));
