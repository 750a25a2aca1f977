import { describe, expect, test } from "vitest";
import { readAddress, readRange, showsView, writeAddress, writeRange } from "../src/lib/address";

const SHOWN = { expanded: null, tables: [], open: [] };
const T = Date.UTC(2026, 10, 23, 14, 3, 22);

describe("the address", () => {
  test("of the plain page is live, 15 min, the one host there is", () => {
    expect(readAddress("/", "")).toEqual({ host: "", rangeMs: 900_000, window: null, atMs: null, only: [], ...SHOWN });
  });

  test.each([
    { host: "atlas", rangeMs: 900_000, window: null, atMs: null, only: [], ...SHOWN },
    { host: "db 1/a", rangeMs: 3_600_000, window: { fromMs: T - 60_000, toMs: T }, atMs: T - 30_000, only: ["cpu.user", "cpu.iowait"], ...SHOWN },
    { host: "ümlaut", rangeMs: 30 * 86_400_000, window: null, atMs: null, only: ["disk.read/nvme0n1", "network.in/br-0,x%y"], expanded: "disk/sda", tables: ["cpu", "network/br-0,x%y"], open: ["disk", "network"] as const },
    { host: "a", rangeMs: 90_000, window: null, atMs: null, only: ["load.one"], expanded: null, tables: [], open: ["more"] as const },
    { host: "o'dd \"host\"", rangeMs: 900_000, window: null, atMs: null, only: ['disk.read/"><img src=x onerror="hit">', "disk.write/cciss/c0d0"], expanded: "network/o'lan 1", tables: ["disk/cciss/c0d0", "disk/a&b#c+d?e=f%2Cg\n\u202e", `network/${"long".repeat(40)}`], open: [] },
  ])("gives the same view when it is read back: $host", (view) => {
    const [path, query = ""] = writeAddress(view).split("?");
    expect(readAddress(path ?? "", `?${query}`)).toEqual(view);
  });

  test("is readable", () => {
    const window = { fromMs: T - 60_000, toMs: T };
    expect(writeAddress({ host: "atlas", rangeMs: 900_000, window, atMs: T, only: [], ...SHOWN })).toBe(
      "/h/atlas?range=15m&from=2026-11-23T14:02:22Z&to=2026-11-23T14:03:22Z&at=2026-11-23T14:03:22Z",
    );
  });

  test("with a second alone shows it in the middle of its range", () => {
    const view = readAddress("/h/atlas", "?range=5m&at=2026-11-23T14:03:22Z");
    expect(view.window).toEqual({ fromMs: T - 150_000, toMs: T + 150_000 });
    expect(readAddress("/h/atlas", `?at=${T / 1000}`).atMs).toBe(T);
  });

  test.each(["?range=3y", "?from=5&to=4", "?from=x&to=y", "?at=never", "?from=1&to=99999999999", "?only=<b>", "?range=9s", "?range=32d", "?expanded=../x", "?tables=<b>", "?open=all"])(
    "what makes no sense is as if it were not there: %s", (query) =>
      expect(readAddress("/h/atlas", query)).toEqual({ host: "atlas", rangeMs: 900_000, window: null, atMs: null, only: [], ...SHOWN }));

  test("a broken escape is a name", () => expect(readAddress("/h/%E0%A4%A", "").host).toBe("%E0%A4%A"));
});

describe("a range", () => {
  test.each([["10s", 10_000], ["90s", 90_000], ["3m", 180_000], ["36h", 129_600_000], ["24h", 86_400_000], ["7d", 604_800_000], ["31d", 2_678_400_000]])(
    "%s is %d ms, and back", (text, ms) => expect([readRange(text), writeRange(ms)]).toEqual([ms, text]));

  test.each(["", "5", "9s", "32d", "1w", "-5m", "1.5h", "5m ", "99999999d"])("%j is none", (text) => expect(readRange(text)).toBeNull());

  test("is written in the largest unit that holds it whole", () =>
    expect([60_000, 61_000, 3_660_000, 90_400].map(writeRange)).toEqual(["1m", "61s", "61m", "90s"]));
});

describe("written over an address", () => {
  const view = { host: "atlas", rangeMs: 900_000, window: null, atMs: null, only: [], ...SHOWN };

  test.each([
    ["/", "", "/h/atlas?range=15m"],
    ["/h/atlas/processes", "?pid=4&range=5m&at=9", "/h/atlas/processes?range=15m&pid=4"],
    ["/explore", "?q=up&from=1&to=2", "/explore?range=15m&q=up"],
  ])("%s%s keeps the page and what is the page's", (path, query, address) => expect(writeAddress(view, path, query)).toBe(address));

  test.each([["/", true], ["/h/a", true], ["/explore", true], ["/alerts", false], ["/settings/tokens", false]])(
    "%s shows the view: %s", (path, shows) => expect(showsView(path)).toBe(shows));
});
