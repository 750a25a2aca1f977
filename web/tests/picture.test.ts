import { describe, expect, test } from "vitest";
import { CalmMaximum } from "../src/lib/axis";
import { caption, pointsCaption } from "../src/lib/caption";
import { CORE } from "../src/lib/expressions";
import { Grid } from "../src/lib/grid";
import { type Picture, type Scene, compose } from "../src/lib/picture";
import type { Region } from "../src/lib/regions";
import { seenOf } from "../src/lib/seen";
import { temperatureTrack } from "../src/lib/sensors";
import { Columns } from "../src/lib/columns";
import { TRACKS, type Track, columnsOf } from "../src/lib/tracks";

const GIB = 1024 ** 3;
const track = (id: string) => TRACKS.find((one) => one.id === id) as Track;

function grid(values: Record<string, number[]>): Grid {
  const made = new Grid(new Columns(Object.keys(values)), 1000, 32);
  made.advance(19);
  for (const [column, list] of Object.entries(values)) list.forEach((value, i) => made.set(made.index(column), 10 + i, value));
  return made;
}

const scene = (only: string[] = [], more: Partial<Scene> = {}): Scene => ({
  fromMs: 10_000, toMs: 13_000, columns: 800, only, xSplits: [], calm: null, nowMs: 13_000, wide: false, regions: [], knownGaps: [], ...more,
});
const line = (picture: Picture, place: number) => [...(picture.lines[place]?.y ?? [])];
const labels = (picture: Picture) => picture.labels.map((label) => label.text);

describe("tracks", () => {
  test("show columns that the questions fill", () => {
    const modes = ["user", "system", "iowait", "irq", "nice", "steal"].map((mode) => ({ mode }));
    const columns = CORE.flatMap((question) => [{}, ...modes].map((labels) => question.column(labels)));
    for (const one of TRACKS) for (const column of columnsOf(one)) expect(columns).toContain(column);
  });

  test("are as high as the design says", () => {
    expect(TRACKS.map((one) => [one.id, one.heightPx])).toEqual([
      ["cpu", 158], ["core", 104], ["pressure", 118], ["memory", 124], ["swap", 48], ["disk", 124], ["network", 124],
    ]);
  });
});

describe("pictures", () => {
  test("a stack's lines lie on each other, its axis is fixed", () => {
    const picture = compose(track("cpu"), grid({ "cpu.user": [10, 20, NaN, 5], "cpu.system": [1, 2, NaN, 3] }), scene());
    expect(line(picture, 0)).toEqual([10, 20, NaN, 5]);
    expect(line(picture, 5)).toEqual([11, 22, NaN, 8]);
    expect(picture.lines[1]?.base).toBe(picture.lines[0]?.y);
    expect([picture.panes, labels(picture), picture.unitName]).toEqual([[{ top: 0, bottom: 1, low: 0, high: 100 }], ["0", "50", "100 %"], "%"]);
    expect(picture.gaps).toEqual([{ fromMs: 11_000, toMs: 13_000 }]);
  });

  test("a figure that is alone has a unit of its own, which is not the track's", () => {
    const picture = compose(track("disk"), grid({ "disk.await": [3, 9] }), scene(["disk.await"]));
    expect([picture.own, picture.unitName, picture.factor]).toEqual([false, "ms", 1]);
    expect(compose(track("disk"), grid({}), scene(["disk.read"])).own).toBe(true);
  });

  test("an isolated series stands on zero", () => {
    const picture = compose(track("cpu"), grid({ "cpu.user": [10, 20], "cpu.system": [1, 2] }), scene(["cpu.system"]));
    expect([picture.lines.map((one) => one.column), line(picture, 0).slice(0, 2)]).toEqual([["cpu.system"], [1, 2]]);
  });

  test("memory ends at what is installed", () => {
    const picture = compose(track("memory"), grid({ "memory.used": [GIB], "memory.total": [NaN, 31.3 * GIB] }), scene());
    expect([picture.panes[0]?.high, labels(picture), picture.unitName]).toEqual([31.3 * GIB, ["0", "10", "20", "31.3"], "GiB"]);
  });

  test("a mirror has one scale, zero in view, and its second side below", () => {
    const picture = compose(track("disk"), grid({ "disk.read": [160e6], "disk.write": [3e6] }), scene());
    expect(picture.panes[0]).toMatchObject({ low: -50e6, high: 200e6 });
    expect(picture.lines.map((one) => one.y[0])).toEqual([160e6, -3e6]);
    expect([picture.unitName, labels(picture)]).toEqual(["MB/s", ["50", "0", "200"]]);
  });

  test("a mirror is read in mega up to a thousand, and an idle one is no mountain", () => {
    const unit = (bytes: number) => compose(track("disk"), grid({ "disk.read": [bytes] }), scene()).unitName;
    expect([unit(0), unit(900e6), unit(1.2e9)]).toEqual(["MB/s", "MB/s", "GB/s"]);
    const idle = compose(track("network"), grid({ "network.in": [70], "network.out": [10] }), scene());
    expect([idle.panes[0]?.low, idle.panes[0]?.high, idle.unitName]).toEqual([-1e6, 1e6, "Mb/s"]);
  });

  test("a live mirror keeps its maximum", () => {
    const calm: [CalmMaximum, CalmMaximum] = [new CalmMaximum(1e6), new CalmMaximum(1e6)];
    calm[0].next(900e6, 12_000);
    expect(compose(track("disk"), grid({ "disk.read": [1e6] }), scene([], { calm })).panes[0]?.high).toBe(1e9);
  });

  test("the link's speed is a line once half of it is used, and then lies in view", () => {
    const at = (bits: number) => compose(track("network"), grid({ "network.in": [bits], "network.speed": [1e9] }), scene());
    expect([at(4e8).speed, at(6e8).speed, at(6e8).panes[0]?.high]).toEqual([null, 1e9, 1e9]);
  });

  test("bands share one scale, the smallest of four that holds, and lie one above the other", () => {
    const picture = compose(track("pressure"), grid({ "pressure.iosome": [49.5, 3], "pressure.cpusome": [7.7, 1] }), scene());
    expect(picture.panes.map((pane) => pane.high)).toEqual([60, 60, 60]);
    expect(picture.panes.every((pane, i) => i === 0 || pane.top > (picture.panes[i - 1]?.bottom ?? 1))).toBe(true);
    expect([labels(picture), track("pressure").note?.({ name: "%", factor: 1 }, picture.high)]).toEqual([["I/O", "CPU", "mem"], "% stalled, 0 to 60"]);
    expect(picture.lines.map((one) => one.pane)).toEqual([0, 0, 1, 2, 2]);
  });

  test("a figure of the legend is drawn when it is alone, on an axis of its own", () => {
    const picture = compose(track("disk"), grid({ "disk.read": [9e6], "disk.await": [38, 12] }), scene(["disk.await"]));
    expect([picture.lines.map((one) => one.column), picture.unitName, picture.panes[0]?.high]).toEqual([["disk.await"], "ms", 50]);
  });

  test("cores are a row each, of more than 32 groups of 8 of which the busiest counts", () => {
    const picture = compose(track("core"), grid({ "core.10": [5, 6], "core.2": [90, NaN] }), scene());
    expect([picture.heat?.rows.map((row) => row.name), picture.heat?.values.map((row) => row[0])]).toEqual([["2", "10"], [90, 5]]);
    const many = compose(track("core"), grid(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`core.${i}`, [i]]))), scene());
    expect([many.heat?.rows.length, many.heat?.rows[0]?.name, many.heat?.values[1]?.[0], labels(many)]).toEqual([5, "0 to 7", 15, ["0", "core", "39"]]);
  });

  test("temperatures begin at 30 and end at the sensor's limit", () => {
    const made = temperatureTrack([{ labels: { chip: "c", sensor: "temp1", chip_name: "coretemp" }, limit: 100 }]) as Track;
    const picture = compose(made, grid({ "temperature.c_temp1": [61] }), scene());
    expect([picture.panes[0]?.low, picture.panes[0]?.high, made.note?.({ name: "", factor: 1 }, 100)]).toEqual([30, 100, "°C, from 30"]);
  });

  test("a wide bucket has a band from its least to its most; a part that was not heard is told", () => {
    const found = grid({ "disk.read": [5, 6, 7, 8], "disk.read:min": [1, 1, 1, 1], "disk.read:max": [9e6, 9, 9, 9], heard: [1, 1, 0.5, 1] });
    const picture = compose(track("disk"), found, scene([], { wide: true }));
    expect(picture.bands.map((band) => [band.column, band.least[0], band.most[0]])).toEqual([["disk.read", 1, 9e6]]);
    expect([picture.panes[0]?.high, picture.thin]).toEqual([10e6, [{ fromMs: 11_000, toMs: 12_000 }]]);
    expect(compose(track("disk"), found, scene()).bands).toEqual([]);
  });

  test("shades and limits of alerts lie on the track that caused them, paler on those they touch", () => {
    const region: Region = { id: "1", cause: "pressure", touches: ["disk"], fromMs: 11_000, toMs: 12_000, state: "resolved", severity: "warning", label: "I/O pressure high", limit: 20, column: "pressure.cpusome" };
    const on = (id: string) => compose(track(id), grid({}), scene([], { regions: [region] }));
    expect(on("pressure").shades).toEqual([{ fromMs: 11_000, toMs: 12_000, color: "warn-fill", opacity: 0.1, startPx: 1.5, endPx: 1 }]);
    expect([on("pressure").limits, on("disk").limits]).toEqual([[{ value: 20, column: "pressure.cpusome", pane: 1, color: "warn-fill" }], []]);
    expect([on("disk").shades[0]?.opacity, on("disk").shades[0]?.startPx, on("cpu").shades]).toEqual([0.06, 0, []]);
  });

  test("nothing is empty", () => {
    expect(compose(track("cpu"), grid({}), scene()).empty).toBe(true);
    expect(compose(track("core"), grid({}), scene()).empty).toBe(true);
    expect(compose(track("cpu"), grid({ "cpu.user": [1] }), scene()).empty).toBe(false);
  });
});

describe("captions", () => {
  const span = { rangeMs: 900_000, to: "14:10" };
  const say = (id: string, values: Record<string, number[]>, factor: number, unitName: string, intervalMs = 1000) =>
    caption(track(id), seenOf(track(id), grid(values), 10_000, 11_000, intervalMs), span, { factor, unitName, at: (ms) => `${ms / 1000}` }).replaceAll("\u00a0", " ");

  test("say range, mean and highest", () => {
    const cpu = Object.fromEntries(track("cpu").series.map((series) => [series.column, [0, 0]]));
    expect(say("cpu", { ...cpu, "cpu.user": [20, 60], "cpu.system": [2, 1.2] }, 1, "%")).toBe("CPU, 15 minutes to 14:10: mean 41.6 %, highest 61.2 % at 11");
    expect(say("memory", { "memory.used": [GIB, 3 * GIB] }, GIB, "GiB")).toBe("Memory, 15 minutes to 14:10: used mean 2.0 GiB, highest 3.0 GiB at 11");
  });

  test("say the highest second, or that only means are known", () => {
    const cpu = Object.fromEntries(track("cpu").series.map((series) => [series.column, [0, 0]]));
    const busy = { "cpu.user": [20, 60], "cpu.busy": [20, 60], "cpu.busy:min": [0, 1], "cpu.busy:max": [100, 80] };
    expect(say("cpu", { ...cpu, ...busy }, 1, "%", 100)).toBe("CPU, 15 minutes to 14:10: mean 40.0 %, highest 100.0 % at 10");
    expect(say("memory", { "memory.used": [GIB, 3 * GIB] }, GIB, "GiB", 100)).toContain("highest mean of 1 s 3.0 GiB at 11");
  });

  test("say the busiest core, whoever else sleeps", () => {
    expect(say("core", { "core.0": [5, 7], "core.1": [NaN, 9] }, 1, "%")).toBe("Per core, 15 minutes to 14:10: busiest core mean 7.0 %, highest 9.0 % at 11");
  });

  test("of a process' figures say what its points amount to", () => {
    const written = { value: (value: number) => `${value} B`, at: (seconds: number) => `${seconds} s` };
    expect(pointsCaption("Read", [1, 2, 3], [4, null, 8], written)).toBe("Read, 1 s to 3 s: mean 6 B, highest 8 B at 3 s");
    expect(pointsCaption("Read", [1, 2], [null, null], written)).toBe("Read, 1 s to 2 s: no data");
  });

  test("say both sides of a mirror, and absence", () => {
    expect(say("disk", { "disk.read": [2e6, 4e6] }, 1e6, "MB/s")).toBe("Disk I/O, 15 minutes to 14:10: read mean 3.0 MB/s, highest 4.0 MB/s at 11; write no data");
  });
});
