import { describe, expect, test } from "vitest";
import { CalmMaximum } from "../src/lib/axis";
import { caption } from "../src/lib/caption";
import { CORE } from "../src/lib/expressions";
import { Grid } from "../src/lib/grid";
import { compose, readRows } from "../src/lib/picture";
import { Columns } from "../src/lib/columns";
import { TRACKS, type Track } from "../src/lib/tracks";

const GIB = 1024 ** 3;
const track = (id: string) => TRACKS.find((one) => one.id === id) as Track;

function grid(values: Record<string, number[]>): Grid {
  const made = new Grid(new Columns(Object.keys(values)), 1000, 32);
  made.advance(19);
  for (const [column, list] of Object.entries(values)) list.forEach((value, i) => made.set(made.index(column), 10 + i, value));
  return made;
}

const scene = (only: string[] = []) => ({ fromMs: 10_000, toMs: 13_000, columns: 800, only, xSplits: [], calm: null, nowMs: 13_000 });

describe("tracks", () => {
  test("show columns that the expressions fill", () => {
    const columns = CORE.flatMap((question) => [{}, { mode: "user" }, ...["system", "iowait", "irq", "nice", "steal"].map((mode) => ({ mode }))].map((labels) => question.column(labels as Record<string, string>)));
    for (const one of TRACKS) for (const series of one.series) expect(columns).toContain(series.column);
    expect(TRACKS.map((one) => one.heightPx)).toEqual([158, 124, 124, 124]);
  });
});

describe("pictures", () => {
  test("a stack's lines lie on each other, its axis is fixed", () => {
    const picture = compose(track("cpu"), grid({ "cpu.user": [10, 20, NaN, 5], "cpu.system": [1, 2, NaN, 3] }), scene());
    expect(picture.lines[0]).toEqual([10, 20, null, 5]);
    expect(picture.lines[5]).toEqual([11, 22, null, 8]);
    expect([picture.low, picture.high, picture.ySplits, picture.unitName]).toEqual([0, 100, [0, 50, 100], "%"]);
    expect(picture.gaps).toEqual([{ fromMs: 11_000, toMs: 13_000 }]);
  });

  test("an isolated series stands on zero", () => {
    const picture = compose(track("cpu"), grid({ "cpu.user": [10, 20], "cpu.system": [1, 2] }), scene(["cpu.system"]));
    expect(picture.lines[0]?.slice(0, 2)).toEqual([0, 0]);
    expect(picture.lines[1]?.slice(0, 2)).toEqual([1, 2]);
  });

  test("memory ends at what is installed", () => {
    const picture = compose(track("memory"), grid({ "memory.used": [GIB], "memory.total": [NaN, 31.3 * GIB] }), scene());
    expect(picture.high).toBe(31.3 * GIB);
    expect(picture.ySplits.map((value) => value / GIB)).toEqual([0, 10, 20, 31.3]);
    expect(picture.unitName).toBe("GiB");
  });

  test("a mirror has one scale, zero in view, and its second side below", () => {
    const picture = compose(track("disk"), grid({ "disk.read": [160e6], "disk.write": [3e6] }), scene());
    expect([picture.low, picture.high]).toEqual([-50e6, 200e6]);
    expect(picture.lines.map((line) => line[0])).toEqual([160e6, -3e6]);
    expect([picture.unitName, picture.ySplits]).toEqual(["MB/s", [-50e6, 0, 200e6]]);
  });

  test("a mirror is read in mega up to a thousand", () => {
    const unit = (bytes: number) => compose(track("disk"), grid({ "disk.read": [bytes] }), scene()).unitName;
    expect([unit(0), unit(900e6), unit(1.2e9)]).toEqual(["MB/s", "MB/s", "GB/s"]);
  });

  test("an idle mirror is no mountain", () => {
    const picture = compose(track("network"), grid({ "network.in": [70], "network.out": [10] }), scene());
    expect([picture.low, picture.high, picture.unitName]).toEqual([-1e6, 1e6, "Mb/s"]);
  });

  test("a live mirror keeps its maximum", () => {
    const calm: [CalmMaximum, CalmMaximum] = [new CalmMaximum(1e6), new CalmMaximum(1e6)];
    calm[0].next(900e6, 12_000);
    const picture = compose(track("disk"), grid({ "disk.read": [1e6] }), { ...scene(), calm });
    expect(picture.high).toBe(1e9);
  });
});

describe("captions", () => {
  const span = { startMs: 10_000, stepMs: 1000, rangeMs: 900_000, to: "14:10" };
  const say = (id: string, values: Record<string, number[]>, factor: number, unitName: string) =>
    caption(track(id), readRows(track(id), grid(values), 10_000, 11_000).rows, span, { factor, unitName, at: (ms) => `${ms / 1000}` }).replaceAll("\u00a0", " ");

  test("say range, mean and highest", () => {
    const cpu = Object.fromEntries(track("cpu").series.map((series) => [series.column, [0, 0]]));
    expect(say("cpu", { ...cpu, "cpu.user": [20, 60], "cpu.system": [2, 1.2] }, 1, "%")).toBe("CPU, 15 minutes to 14:10: mean 41.6 %, highest 61.2 % at 11");
    expect(say("memory", { "memory.used": [GIB, 3 * GIB] }, GIB, "GiB")).toBe("Memory, 15 minutes to 14:10: used mean 2.0 GiB, highest 3.0 GiB at 11");
  });

  test("say both sides of a mirror, and absence", () => {
    expect(say("disk", { "disk.read": [2e6, 4e6] }, 1e6, "MB/s")).toBe("Disk I/O, 15 minutes to 14:10: read mean 3.0 MB/s, highest 4.0 MB/s at 11; write no data");
  });
});
