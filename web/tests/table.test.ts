import { describe, expect, test } from "vitest";
import { Asking } from "../src/lib/asking";
import { CORE } from "../src/lib/expressions";
import { heatRows, rowsWords } from "../src/lib/heat";
import { legendOf, rowHeight } from "../src/lib/legend";
import { Columns } from "../src/lib/columns";
import { Grid } from "../src/lib/grid";
import { spanWords } from "../src/lib/regions";
import { type Row, type Seen, seenOf } from "../src/lib/seen";
import { drawnFrom, slideOf } from "../src/lib/slide";
import { csv, fileName, queriesOf, statistics, timeTable, written } from "../src/lib/table";
import { TRACKS, type Track } from "../src/lib/tracks";

const track = (id: string) => TRACKS.find((one) => one.id === id) as Track;
const row = (...values: number[]) => Float64Array.from(values);
const column = (column: string, name: string, values: Float64Array): Row => ({ column, name, values, least: null, most: null, exact: true });
const seen = (...rows: Row[]): Seen => ({ rows, total: null, startMs: 1_000_000, stepMs: 1000 });
const disk = seen(
  column("disk.read", "read", row(1e6, NaN, 3e6)),
  column("disk.write", "write", row(0, 0, 0)),
  column("disk.await", "await, ms", row(2, NaN, 4)),
  column("disk.queue", "queue", row(NaN, NaN, NaN)),
);

/** A grid whose slots from 10 on hold these. */
function grid(values: Record<string, number[]>, stepMs = 1000): Grid {
  const made = new Grid(new Columns(Object.keys(values)), stepMs, 32);
  made.advance(19);
  for (const [name, list] of Object.entries(values)) list.forEach((value, i) => made.set(made.index(name), 10 + i, value));
  return made;
}

describe("a track in figures", () => {
  test("statistics of each series, and of those that have none", () => {
    const found = statistics(disk);
    expect(found.map((one) => one.name)).toEqual(["read", "write", "await, ms", "queue"]);
    expect([found[0]?.summary?.mean, found[3]?.summary]).toEqual([2e6, null]);
  });

  test("a table of times, newest first, at most so many", () => {
    const rows = timeTable({ ...seen(column("a", "a", Float64Array.from({ length: 100 }, (_, i) => i))), startMs: 0 }, 10);
    expect(rows).toHaveLength(10);
    expect([rows[0]?.ms, rows[0]?.cells[0]?.mean, rows[0]?.cells[0]?.least, rows[9]?.cells[0]?.highest]).toEqual([99_000, 94.5, 90, 9]);
    expect(timeTable(disk, 60)[1]?.cells.map((cell) => cell?.mean ?? null)).toEqual([null, 0, null, null]);
  });

  test("figures are written as the track writes them", () => {
    expect([written(track("disk"), 0, 9.3e6, 1e6), written(track("disk"), 2, 38.44, 1e6), written(track("disk"), 0, NaN, 1e6)]).toEqual(["9.3", "38.4", "no data"]);
  });

  test("CSV holds base units, and nothing where there is no data", () => {
    expect(csv(disk)).toBe(
      "time,disk.read,disk.write,disk.await,disk.queue\r\n1970-01-01T00:16:40Z,1000000,0,2,\r\n1970-01-01T00:16:41Z,,0,,\r\n1970-01-01T00:16:42Z,3000000,0,4,\r\n",
    );
  });

  test("CSV is no formula, whatever a device is called", () => {
    expect(csv(seen(column('=cmd|"x"', "", row())))).toBe('time,"\'=cmd|""x"""\r\n');
  });

  test("the queries of a track are those that it asks", () => {
    expect(queriesOf(track("disk"), CORE, new Asking("h", 1000, 1000))).toHaveLength(4);
  });

  test("of a heat map are those of its cores, by number, each with a name of its own", () => {
    const cores = seenOf(track("core"), grid({ "core.10": [30, 50], "core.9": [1, 2], "cpu.busy": [9, 9] }), 10_000, 11_000, 1000);
    expect(statistics(cores).map(({ name, summary }) => [name, summary?.highest])).toEqual([["core 9", 2], ["core 10", 50]]);
    expect(csv(cores).split("\r\n").slice(0, 2)).toEqual(["time,core.9,core.10", "1970-01-01T00:00:10Z,1,30"]);
    expect(written(track("core"), 1, 50, 1)).toBe("50.0");
  });

  test("of wide buckets have the extremes of the samples, or say that they are of means", () => {
    const wide = { "disk.read": [2e6, 3e6], "disk.read:min": [0, 1e6], "disk.read:max": [90e6, 4e6], "disk.write": [1, 5] };
    const found = seenOf(track("disk"), grid(wide, 60_000), 600_000, 660_000, 1000);
    const [read, write] = statistics(found);
    expect([read?.of, read?.summary?.least, read?.summary?.mean, read?.summary?.highest, read?.summary?.highestMs]).toEqual(["", 0, 2.5e6, 90e6, 600_000]);
    expect([write?.of.replaceAll("\u00a0", " "), write?.summary?.highest]).toEqual(["of means of 1 minute", 5]);
    expect(timeTable(found, 1)[0]?.cells[0]).toMatchObject({ least: 0, mean: 2.5e6, highest: 90e6 });
  });

  test("extremes that are known of some buckets alone are not those of all", () => {
    const found = seenOf(track("disk"), grid({ "disk.read": [2, 9], "disk.read:min": [1], "disk.read:max": [5] }, 60_000), 600_000, 660_000, 1000);
    expect([found.rows[0]?.exact, statistics(found)[0]?.summary?.highest]).toEqual([false, 9]);
  });

  test("files have plain names", () => expect(fileName("a/b", "disk/sd a", 1_000_000, "csv")).toBe("a_b-disk_sd_a-19700101T001640Z.csv"));
});

describe("a legend", () => {
  const values: Record<string, number> = { "disk.read": 1e6, "disk.write": 5e6, "disk.await": 38.44 };
  const said = (sorted: boolean) =>
    legendOf(track("disk"), { value: (column) => values[column] ?? NaN, factor: 1e6, sorted, cores: [] }).map((entry) => [entry.name, entry.text, entry.mark]);

  test("is in stacking order, figures that are not drawn last", () => {
    expect(said(false)).toEqual([["read, up", "1.0", "field"], ["write, down", "5.0", "field"], ["await, ms", "38.4", "dashed"], ["queue", "no data", "dotted"]]);
  });

  test("is by value where that was asked", () => expect(said(true)[0]?.[0]).toBe("write, down"));

  test("of cores says the busiest, the median and the spread", () => {
    const cores = [0, 1].map((core) => ({ name: String(core), columns: [`core.${core}`] }));
    const entries = legendOf(track("core"), { value: (column) => (column === "core.1" ? 83 : 20), factor: 1, sorted: false, cores });
    expect(entries.map((entry) => [entry.name, entry.text])).toEqual([["busiest core 1", "83.0"], ["median", "51.5"], ["spread", "63.0"]]);
    expect(legendOf(track("core"), { value: () => NaN, factor: 1, sorted: false, cores: [] })[0]?.text).toBe("no data");
  });

  test("of groups of cores says the busiest group, and median and spread of cores", () => {
    const columns = Array.from({ length: 40 }, (_, core) => `core.${core}`);
    const value = (column: string) => (column === "core.0" ? 100 : column === "core.39" ? NaN : 10);
    const entries = legendOf(track("core"), { value, factor: 1, sorted: false, cores: heatRows(columns) });
    expect(entries.map((entry) => [entry.name, entry.text])).toEqual([["busiest cores 0 to 7", "100.0"], ["median", "10.0"], ["spread", "90.0"]]);
    expect([rowsWords(columns), rowsWords(columns.slice(0, 32))]).toEqual(["groups of 8", ""]);
  });

  test("its rows fit the track", () => {
    for (const one of TRACKS) {
      const rows = one.kind === "heat" ? 3 : one.series.length + (one.figures?.length ?? 0);
      expect(33 + rows * rowHeight(one.heightPx, rows)).toBeLessThanOrEqual(one.heightPx);
    }
  });
});

describe("sliding", () => {
  const motion = { live: true, rangeMs: 60_000, stepMs: 1000, plotPx: 600, rowAtMs: 5000, atMs: 5200, still: false };

  test("a short live view slides a second a second, from where the second stands", () => {
    expect(slideOf(motion)).toEqual({ perSecondPx: 10, extraPx: 10, passedMs: 200 });
    expect(slideOf({ ...motion, atMs: 9000 })?.passedMs).toBe(1000);
    expect(drawnFrom(0, 60_000, 600, slideOf(motion))).toBe(-1000);
  });

  test.each([["held", { live: false }], ["5 min or more", { rangeMs: 300_000 }], ["wide buckets", { stepMs: 10_000 }], ["reduced motion", { still: true }]])(
    "%s stands still", (_, other) => expect(slideOf({ ...motion, ...other })).toBeNull());
});

describe("regions", () => {
  test("say their span", () => {
    const region = { id: "1", cause: "cpu", touches: [], fromMs: 1000, toMs: 2000 as number | null, state: "resolved" as const, severity: "critical" as const, label: "x" };
    const at = (ms: number) => `${ms}`;
    expect(spanWords(region, at)).toBe("1000 to 2000, resolved");
    expect(spanWords({ ...region, toMs: null, state: "firing" }, at)).toBe("since 1000, firing");
  });
});
