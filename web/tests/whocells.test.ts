import { describe, expect, test } from "vitest";
import { cellsOf, headsOf, isQuiet, writingOf } from "../src/lib/whocells";
import { row } from "./rows";

const texts = (given: Parameters<typeof row>[1]) => {
  const one = row("a", given);
  return Object.fromEntries(cellsOf(one, 1060, writingOf([one])).map((cell) => [cell.code, cell.text]));
};

describe("heads", () => {
  const codes = (group: Parameters<typeof headsOf>[0], given = {}) => headsOf(group, writingOf([row("a", given)])).map((head) => head.code);

  test("a process has its unit and user, a user neither", () => {
    expect(codes("process")).toEqual(["name", "unit", "user", "cpu", "memory", "read", "write", "wait", "threads", "since", "change"]);
    expect(codes("user")).not.toContain("user");
    expect(codes("unit")).not.toContain("unit");
  });

  test("what this kernel does not count is no column", () => expect(codes("process", { iowait: null })).not.toContain("wait"));

  test("rates share the unit that fits the greatest", () => {
    expect(headsOf("unit", writingOf([row("a", { read: 3e9 })])).map((head) => head.text)).toContain("Read GB/s");
    expect(headsOf("unit", writingOf([row("a", { read: 10 })])).map((head) => head.text)).toContain("Read MB/s");
  });
});

describe("cells", () => {
  test.each([
    [{ cpu: 0.0004 }, "cpu", "0"],
    [{ cpu: 0.21 }, "cpu", "21.0"],
    [{ rss: 0 }, "memory", "0"],
    [{ read: 49_000 }, "read", "0"],
    [{ read: 289e6 }, "read", "289"],
    [{ iowait: 0.004 }, "wait", "0"],
    [{ iowait: 0.14 }, "wait", "14"],
    [{ threads: null }, "threads", "no data"],
    [{ start: 1000 }, "since", "1\u00a0min"],
    [{ start: 2000 }, "since", "0\u00a0s"],
    [{ start: null }, "since", "no data"],
  ])("%j: %s %s", (given, code, text) => expect(texts(given)[code]).toBe(text));

  test("what is gone has no numbers", () => {
    const gone = texts({ cpu: null, rss: null, read: null, write: null, iowait: null, threads: null, ended: 1040 });
    expect([gone["cpu"], gone["memory"], gone["read"], gone["threads"]]).toEqual(["", "", "", ""]);
  });

  test("nothing stands back", () => expect(["0", "0.0", "no data", "12"].map(isQuiet)).toEqual([true, true, true, false]));
});
