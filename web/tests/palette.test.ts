import { describe, expect, test } from "vitest";
import { type Entry, MOST, search, settled } from "../src/lib/palette";
import type { Span } from "../src/lib/timewords";

const NOW = Date.UTC(2026, 10, 23, 14, 3, 22);
const where = { nowMs: NOW, zone: "UTC", instant: (ms: number) => `/h/atlas?at=${ms}`, span: (span: Span) => JSON.stringify(span) };
const entry = (group: Entry["group"], text: string, note?: string): Entry => ({ group, text, to: `/${text}`, ...(note === undefined ? {} : { note }) });
const INDEX = [
  entry("Hosts", "atlas", "Overview"),
  entry("Tracks", "CPU", "user, system, iowait"),
  entry("Tracks", "Disk I/O", "read, write"),
  entry("Processes", "python3", "-m barograph.app.keeper"),
  entry("Processes", "diskwriter"),
  entry("Alerts", "Disk / fills in 9 days", "warning"),
  entry("Actions", "Theme: light"),
  entry("Actions", "Range: 1 h"),
];
const texts = (text: string) => search(INDEX, text, where).map((found) => found.text);

describe("search", () => {
  test.each([
    ["light", ["Theme: light", "Explore: light"]],
    ["LIGHT  theme", ["Theme: light", "Explore: LIGHT  theme"]],
    ["iowait", ["CPU", "Explore: iowait"]],
    ["keeper", ["python3", "Explore: keeper"]],
    ["disk", ["Disk I/O", "diskwriter", "Disk / fills in 9 days", "Explore: disk"]],
    ["nvme9", ["Explore: nvme9"]],
    ["yesterday 3:20", ["Go to 03:20:00", "Explore: yesterday 3:20"]],
    ["-2h", ["Go to 12:03:22", "Explore: -2h"]],
    ["last 3 days", ["Range: 3\u00a0d", "Explore: last 3 days"]],
    ["yesterday 3:20 to 4:00", ["Show 03:20:00 to 04:00:00", "Explore: yesterday 3:20 to 4:00"]],
    ["yesterday 23:00 to 1:00", ["Show 23:00 to 01:00", "Explore: yesterday 23:00 to 1:00"]],
  ])("for %s", (text, found) => expect(texts(text)).toEqual(found));

  test("for a query explores it first", () => expect(texts("rate(node_cpu[5m])")[0]).toBe("Explore: rate(node_cpu[5m])"));

  test("for nothing shows what there is", () => expect(texts(" ")).toHaveLength(MOST));

  test("finds at most eight, the best of them", () => {
    const many = [...Array.from({ length: 50 }, (_, number) => entry("Processes", `worker-x${number}`)), entry("Actions", "x")];
    const found = search(many, "x", where);
    expect(found).toHaveLength(MOST);
    expect(found.map((one) => one.text)).toContain("x");
  });

  test("keeps a text as text", () => {
    const found = search([], "<img src=x onerror=alert(1)>", where)[0];
    expect(found?.to).toBe("/explore?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E");
  });
});

describe("rows that come late", () => {
  const late = [...INDEX.slice(1), entry("Hosts", "disk-server"), entry("Alerts", "Disk /var fills in 2 days", "warning")];
  const found = (index: Entry[], text: string, shown: ReturnType<typeof search> = []) => settled(shown, search(index, text, where));
  const words = (rows: ReturnType<typeof search>) => rows.map((row) => row.text);

  test("stand behind what is shown, whatever their group", () => {
    const shown = found(INDEX.slice(1, 5), "disk");
    expect(words(shown)).toEqual(["Disk I/O", "diskwriter", "Explore: disk"]);
    expect(words(found(late, "disk", shown))).toEqual([...words(shown), "disk-server", "Disk / fills in 9 days", "Disk /var fills in 2 days"]);
  });

  test("move nothing out of a list that is full", () => {
    const shown = found(INDEX, "");
    expect(shown).toHaveLength(MOST);
    expect(words(found([entry("Hosts", "a"), ...INDEX], "", shown))).toEqual(words(shown));
  });

  test("what is gone meanwhile stays in its place, and what is still there does what it does now", () => {
    const doing = (to: () => void): Entry => ({ group: "Tracks", text: "sda", to });
    const [before, now] = [() => undefined, () => undefined];
    const shown = found([entry("Tracks", "sdb"), doing(before)], "sd");
    const after = found([doing(now)], "sd", shown);
    expect(words(after)).toEqual(words(shown));
    expect(after.find((row) => row.text === "sda")?.to).toBe(now);
  });

  test("of one name are several where they lead elsewhere", () => {
    const shown = found([{ group: "Processes", text: "sh", note: "sh", to: "/1" }], "sh");
    const after = found([{ group: "Processes", text: "sh", note: "sh", to: "/2" }, { group: "Processes", text: "sh", note: "sh", to: "/1" }], "sh", shown);
    expect(after.map((row) => row.to)).toEqual(["/1", "/explore?q=sh", "/2"]);
  });
});
