import { describe, expect, test } from "vitest";
import type { ProcessRow } from "../src/lib/host";
import { noteMs, unitsOf, whoLines } from "../src/lib/who";

const row = (pid: number, more: Partial<ProcessRow> = {}): ProcessRow => ({
  pid,
  start: pid,
  name: `p${pid}`,
  cmd: `/bin/p${pid} -v`,
  user: "root",
  unit: "",
  container: "",
  cpu: 0,
  rss: 0,
  read: 0,
  write: 0,
  ...more,
});

describe("who", () => {
  test("lists by the larger of CPU and I/O, at most six", () => {
    const rows = [row(1, { cpu: 0.9 }), row(2, { write: 80e6 }), ...[3, 4, 5, 6, 7, 8].map((pid) => row(pid, { cpu: 0.01 }))];
    const lines = whoLines(rows, null);
    expect(lines.map((line) => line.name)).toEqual(["p2", "p1", "p3", "p4", "p5", "p6"]);
    expect(lines[0]).toMatchObject({ io: 80e6, share: 1, cpu: 0 });
    expect(lines[1]?.share).toBeCloseTo(0.9);
  });

  test("a little load is a little bar", () => {
    const [line] = whoLines([row(1, { cpu: 0.05, write: 1e6 })], null);
    expect(line?.share).toBeCloseTo(0.1);
  });

  test.each<[string, ProcessRow[] | null, string[]]>([
    ["the one that grew", [row(1, { cpu: 0.9 })], ["p2"]],
    ["nobody where nothing is known of before", null, []],
    ["nobody where nothing grew", [row(1, { cpu: 0.9 }), row(2, { write: 80e6 })], []],
    ["one of the same number that began anew", [row(1, { cpu: 0.9, start: 99 }), row(2, { write: 80e6 })], ["p1"]],
  ])("marks %s", (_, before, marked) => {
    const lines = whoLines([row(1, { cpu: 0.9 }), row(2, { write: 80e6 })], before);
    expect(lines.filter((line) => line.grew).map((line) => line.name)).toEqual(marked);
  });

  test("what was not measured is absent", () => {
    const [line] = whoLines([row(1, { cpu: null, rss: null, read: null, write: null })], [row(1, { read: null, write: null })]);
    expect(line).toMatchObject({ cpu: null, rss: null, io: null, share: 0, grew: false });
    expect(whoLines([row(1, { read: null, write: 5 })], null)[0]?.io).toBe(5);
  });

  test.each<[Partial<ProcessRow>, string]>([
    [{ unit: "shop.service" }, "shop"],
    [{ unit: "p1.service" }, ""],
    [{ container: "0123456789abcdef", unit: "docker.scope" }, "0123456789ab"],
    [{ user: "ann" }, "ann"],
    [{}, ""],
  ])("says what it belongs to: %o", (more, about) => expect(whoLines([row(1, more)], null)[0]?.about).toBe(about));

  test("says all in the title, and its number where it has no name", () => {
    const [line] = whoLines([row(7, { unit: "shop.service", name: "" })], null);
    expect(line?.title).toBe("/bin/p7 -v\nprocess 7, user root\nshop.service");
    expect(line?.name).toBe("process 7");
  });
});

test("a column has the unit in which small ones are more than 0.0 still", () => {
  const units = (rss: number, io: number) => Object.values(unitsOf([{ rss, io }, { rss: 40 * 2 ** 20, io: null }])).map((unit) => unit.name);
  expect(units(1.1 * 2 ** 30, 1.1e9)).toEqual(["MiB", "MB/s"]);
  expect(units(20 * 2 ** 30, 20e9)).toEqual(["GiB", "GB/s"]);
  expect(Object.values(unitsOf([])).map((unit) => unit.name)).toEqual(["MiB", "MB/s"]);
});

describe("the second that is told", () => {
  test.each([
    ["now", null, { ofMs: 58_000, reason: null }, null],
    ["what is shown, while another is asked for", 30_000, { ofMs: 58_000, reason: null }, 58_000],
    ["what still stands there when it is live again", null, { ofMs: 30_000, reason: null }, 30_000],
    ["what is asked for, before the first", 30_000, { ofMs: null, reason: null }, 30_000],
    ["what is asked for, where there is only a reason", 30_000, { ofMs: 58_000, reason: "nothing" }, 30_000],
  ])("is %s", (_, shownMs, who, told) => expect(noteMs(shownMs, who, 60_000)).toBe(told));
});
