import { describe, expect, test } from "vitest";
import { bytesOf, coreFigures, heatRows, levelOf, rampTable } from "../src/lib/heat";

const DARK = ["#161d27", "#1d3557", "#23588c", "#2f83b7", "#58b3c9", "#a4dccb", "#f3f6c9"];
const LIGHT = ["#f1f3f0", "#d3e9e2", "#9fd0cf", "#5faac0", "#2f7eaa", "#1f5288", "#172a57"];

describe("the ramp", () => {
  test("goes from its first colour to its last", () => {
    const table = rampTable(DARK);
    expect([[...table.slice(0, 3)], [...table.slice(-3)]]).toEqual([bytesOf("#161d27"), bytesOf("#f3f6c9")]);
  });

  test.each([["dark", DARK, 1], ["light", LIGHT, -1]] as const)("is monotone in luminance, %s", (_, colors, direction) => {
    const table = rampTable(colors);
    const light = (level: number) => 0.2126 * (table[3 * level] ?? 0) + 0.7152 * (table[3 * level + 1] ?? 0) + 0.0722 * (table[3 * level + 2] ?? 0);
    for (let level = 1; level < 256; level++) expect(direction * (light(level) - light(level - 1))).toBeGreaterThan(-1.01);
  });

  test("idle sinks: half is shown below half", () => {
    const [half] = rampTable(["#000000", "#ffffff"]).slice(3 * 128);
    expect(half).toBeLessThan(128);
  });

  test("holds what is out of range", () => expect([levelOf(-3), levelOf(0), levelOf(50), levelOf(100), levelOf(104)]).toEqual([0, 0, 128, 255, 255]));
});

describe("cores", () => {
  test("are in the order of their numbers", () => expect(heatRows(["core.10", "core.9"]).map((row) => row.name)).toEqual(["9", "10"]));

  test("the last group may be smaller", () => {
    const rows = heatRows(Array.from({ length: 36 }, (_, i) => `core.${i}`));
    expect([rows.length, rows.at(-1)?.name, rows.at(-1)?.columns.length]).toEqual([5, "32 to 35", 4]);
  });

  test("busiest, median and spread of an instant", () => {
    const of = (...values: number[]) => coreFigures(values.map((value, i) => ({ name: String(i), value })));
    expect(of(20, 83, 39, NaN)).toEqual({ busiest: "1", most: 83, median: 39, spread: 63 });
    expect(of(10, 20)?.median).toBe(15);
    expect(of(NaN)).toBeNull();
  });
});
