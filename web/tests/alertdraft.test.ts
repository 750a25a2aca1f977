import { expect, test } from "vitest";
import { draftsOf, highestNow, thresholdsText } from "../src/lib/alertdraft";

test("one alert a query, quoted", () => {
  expect(thresholdsText("Disk I/O", [{ promql: "rate(a{b='c'}[2s])", above: 5e6 }])).toBe(
    [
      "thresholds:",
      "  DiskIOHigh:",
      "    expr: 'rate(a{b=''c''}[2s])'",
      "    for: 1m",
      "    warning: {above: 5000000}",
      "    summary: 'Disk I/O is at {{ $value | humanize }}'",
      "",
    ].join("\n"),
  );
});

test("several are told apart, and a name is one", () => {
  const names = (track: string, count: number) =>
    thresholdsText(track, Array.from({ length: count }, () => ({ promql: "up", above: 1 }))).match(/^ {2}\w+(?=:)/gm)?.map((name) => name.trim());
  expect(names("CPU", 2)).toEqual(["CPUHigh1", "CPUHigh2"]);
  expect(names("9'}\n x: y", 1)).toEqual(["Track9XYHigh"]);
  expect(names("", 1)).toEqual(["TrackHigh"]);
});

test("a second that was left out is none that decides: the newest value of some is asked for", () => {
  expect(highestNow("irate(a[2s])", 1000)).toBe("max(last_over_time((irate(a[2s]))[10s:1s]))");
  expect(highestNow("irate(a[400ms])", 200)).toBe("max(last_over_time((irate(a[400ms]))[2s:200ms]))");
});

test("a query without data now is left out, and limits are round and above what is now", () => {
  expect(draftsOf(["a", "b", "c", "d", "e"], [3, null, NaN, 0, Infinity])).toEqual([
    { promql: "a", above: 5 },
    { promql: "d", above: 0.001 },
  ]);
  expect(draftsOf(["a"], [null])).toEqual([]);
});
