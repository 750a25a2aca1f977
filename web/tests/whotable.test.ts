import { describe, expect, test } from "vitest";
import { processCode, processOf } from "../src/lib/flightlog";
import { DEFAULT_SORT, argumentsOf, isWithin, placeOf, pressed, rowKey, sortCode, sortOf, sorted } from "../src/lib/whotable";
import { row, table } from "./rows";

const TABLE = table(
  row("b", { pid: 1, cpu: 0.5, rss: 10, unit: "z.service" }, { cpu: 0.5 }),
  row("a", { pid: 2, cpu: 2, rss: 5, read: null }, { cpu: 0 }),
  row("gone", { pid: 3, cpu: null, rss: null, read: null, write: null, iowait: null, ended: 1040 }, { cpu: 1 }),
);
const order = (code: string) => sorted(TABLE, "process", sortOf(code)).map((each) => each.pid);

describe("order", () => {
  test.each([
    ["-change", [2, 3, 1]],
    ["change", [1, 3, 2]],
    ["-cpu", [2, 1, 3]],
    ["cpu", [1, 2, 3]],
    ["name", [2, 1, 3]],
    ["-memory", [1, 2, 3]],
    ["read", [1, 2, 3]],
    ["-read", [1, 2, 3]],
    ["unit", [2, 1, 3]],
  ])("%s", (code, pids) => expect(order(code)).toEqual(pids));

  test("comes from the address and goes back", () => {
    expect(sortOf(null)).toEqual(DEFAULT_SORT);
    expect(sortOf("nonsense")).toEqual(DEFAULT_SORT);
    expect(sortCode(sortOf("-cpu"))).toBe("-cpu");
  });

  test("a press turns it round, or takes the best direction", () => {
    expect(pressed({ column: "cpu", falling: true }, "cpu")).toEqual({ column: "cpu", falling: false });
    expect(pressed(DEFAULT_SORT, "cpu")).toEqual({ column: "cpu", falling: true });
    expect(pressed(DEFAULT_SORT, "name")).toEqual({ column: "name", falling: false });
  });
});

test.each([
  ["process", "7-500"],
  ["unit", "unit:u.service"],
  ["container", "container:c0ffee"],
  ["user", "user:root"],
] as const)("a row of %s has a key", (group, key) => {
  expect(rowKey(row("x", { unit: "u.service", container: "c0ffee" }), group)).toBe(key);
});

test("arguments", () => {
  expect(argumentsOf({ cmd: "/usr/bin/restic backup /" })).toBe("backup /");
  expect(argumentsOf({ cmd: "" })).toBe("");
});

test.each([
  ["48213-1795435320.25", { pid: 48213, start: 1795435320.25 }],
  ["x", null],
  ["1-2-3", null],
])("a process in the address: %s", (code, found) => {
  expect(processOf(code)).toEqual(found);
  if (found !== null) expect(processCode(found)).toBe(code);
});

test.each<[Parameters<typeof row>[1], string]>([
  [{ unit: "cron.service" }, "cron.service"],
  [{ unit: "docker.service", container: "0123456789abcdef" }, "container 0123456789ab"],
  [{ rss: 0 }, "kernel"],
  [{ rss: 0, state: "Z" }, ""],
  [{ rss: 9 }, ""],
  [{ rss: 0, count: 3, state: "" }, ""],
])("where %o belongs", (more, place) => expect(placeOf(row("x", more))).toBe(place));

test("the processes of a group", () => {
  expect(isWithin(row("x", { unit: "a.service" }), "unit:a.service")).toBe(true);
  expect(isWithin(row("x", { unit: "b.service" }), "unit:a.service")).toBe(false);
  expect(isWithin(row("x", { user: "me" }), "user:me")).toBe(true);
});
