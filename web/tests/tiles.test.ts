import { describe, expect, test } from "vitest";
import { type Vitals, tiles } from "../src/lib/tiles";

const DAY = 86_400_000;
const NOW: Vitals = {
  cpu: 13.2,
  memory: 62.4,
  memoryUsedBytes: 19.5 * 1024 ** 3,
  memoryTotalBytes: 31.3 * 1024 ** 3,
  pressure: 1.72,
  disk: 9_300_000,
  networkIn: 14_100_000,
  networkOut: 9_600_000,
  space: { mount: "/", used: 83.4, freeBytes: 38.2 * 1024 ** 3, fillsInMs: null },
  cpuPeak: { value: 61.3, at: "14:04" },
  pressurePeak: { value: 61, at: "14:04" },
  diskPeak: { value: 322e6, at: "14:03" },
  silent: null,
};
const NOTHING: Vitals = { ...NOW, cpu: null, memory: null, memoryUsedBytes: null, pressure: null, disk: null, networkIn: null, space: null, cpuPeak: null, pressurePeak: null, diskPeak: null };
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const said = (now: Partial<Vitals>) => tiles({ ...NOW, ...now }).map((tile) => plain(`${tile.figure} ${tile.unit} | ${tile.meaning}`));

describe("the tiles", () => {
  test("a peak of means says so", () => {
    expect(said({ diskPeak: { value: 322e6, at: "14:03", ofMeans: true } })[3]).toBe("9.3 MB/s | highest mean 322 MB/s at 14:03");
  });

  test("figures and their meaning", () => {
    expect(said({})).toEqual([
      "13 % | peak 61 % at 14:04",
      "62 % | 19.5 of 31.3 GiB",
      "1.7 % | peak 61 % at 14:04",
      "9.3 MB/s | peak 322 MB/s at 14:03",
      "83 % | / has 38.2 GiB free",
      "23.7 Mb/s | in 14.1, out 9.6",
    ]);
    expect(tiles(NOW).every((tile) => tile.trouble === null)).toBe(true);
  });

  test("what is not known is said so", () => {
    expect(said(NOTHING)).toEqual(Array.from({ length: 6 }, () => "no data  | "));
  });

  test("never 100 % unless it is; quiet rates stay in mega", () => {
    expect(said({ cpu: 99.8, cpuPeak: null, disk: 0 }).slice(0, 4)).toMatchObject(["99 % | ", expect.anything(), expect.anything(), "0.0 MB/s | peak 322 MB/s at 14:03"]);
    expect(said({ cpu: 100 })[0]).toContain("100 %");
  });

  test.each<[string, Partial<Vitals>, string[]]>([
    ["pressure", { pressure: 41 }, ["pressure"]],
    ["a disk that fills", { space: { mount: "/", used: 83, freeBytes: 1, fillsInMs: 9 * DAY } }, ["space"]],
    ["a disk that is full", { space: { mount: "/", used: 95, freeBytes: 1, fillsInMs: null } }, ["space"]],
    ["nothing of a silent host", { pressure: 90, silent: "40 s ago" }, []],
  ])("trouble: %s", (_, more, troubled) =>
    expect(tiles({ ...NOW, ...more }).filter((tile) => tile.trouble !== null).map((tile) => tile.id)).toEqual(troubled),
  );

  test("words of trouble and of silence", () => {
    expect(said({ space: { mount: "/", used: 83.4, freeBytes: 1, fillsInMs: 9.5 * DAY } })[4]).toBe("83 % | / fills in 9 days");
    expect(said({ silent: "40 s ago" }).every((words) => words.endsWith("| 40 s ago"))).toBe(true);
  });
});
