import { expect, test } from "vitest";
import { type Sheet, blank, fillBetween, paintOf, strokeLine } from "../src/lib/raster";

const RED = paintOf("#ff0000", 1);
const points = (...pairs: [number, number][]) => ({ x: Float64Array.from(pairs, ([x]) => x), y: Float64Array.from(pairs, ([, y]) => y) });
const pixel = ({ bytes, width }: Sheet, column: number, row: number) => [...bytes.subarray(4 * (row * width + column), 4 * (row * width + column) + 4)];
/** The opacity of every pixel, a row a line. */
const opacities = (sheet: Sheet) =>
  Array.from({ length: sheet.height }, (_, row) => Array.from({ length: sheet.width }, (_, column) => pixel(sheet, column, row)[3] as number));

test("a colour is read with its opacity", () => {
  expect(paintOf("#4a90e2", 0.5)).toEqual({ red: 0x4a, green: 0x90, blue: 0xe2, opacity: 0.5 });
});

test("a line of one pixel through the middle of a row covers that row alone", () => {
  const sheet = blank(4, 3);
  strokeLine(sheet, RED, 1, points([-2, 1.5], [6, 1.5]), 0, 1, []);
  expect(opacities(sheet)).toEqual([[0, 0, 0, 0], [255, 255, 255, 255], [0, 0, 0, 0]]);
  expect(pixel(sheet, 1, 1)).toEqual([255, 0, 0, 255]);
});

test("a line between two rows covers half of each, and a thicker one more", () => {
  const thin = blank(3, 4);
  strokeLine(thin, RED, 1, points([-2, 2], [5, 2]), 0, 1, []);
  expect(opacities(thin).map((row) => row[1])).toEqual([0, 127, 127, 0]);
  const thick = blank(3, 5);
  strokeLine(thick, RED, 2, points([-2, 2.5], [5, 2.5]), 0, 1, []);
  expect(opacities(thick).map((row) => row[1])).toEqual([0, 127, 255, 127, 0]);
});

test("where segments meet nothing is painted twice", () => {
  const pale = paintOf("#00ff00", 0.5);
  const sheet = blank(5, 3);
  strokeLine(sheet, pale, 1, points([-2, 1.5], [2.5, 1.5], [7, 1.5]), 0, 2, []);
  expect(opacities(sheet)[1]).toEqual([128, 128, 128, 128, 128]);
});

test("an upright line reaches from end to end, whatever its direction", () => {
  for (const [from, to] of [[1.5, 4.5], [4.5, 1.5]] as const) {
    const sheet = blank(3, 6);
    strokeLine(sheet, RED, 1, points([1.5, from], [1.5, to]), 0, 1, []);
    expect(opacities(sheet).map((row) => row[1])).toEqual([0, 255, 255, 255, 255, 0]);
    expect(opacities(sheet).every((row) => row[0] === 0 && row[2] === 0)).toBe(true);
  }
});

test("a steep line leaves no hole, and is found in every column and row that it crosses", () => {
  const sheet = blank(4, 40);
  strokeLine(sheet, RED, 1, points([0.5, 0.5], [3.5, 39.5]), 0, 1, []);
  expect(opacities(sheet).every((row) => Math.max(...row) > 100)).toBe(true);
});

/** Points of a line, `count` of them in each pixel. */
const dense = (values: readonly number[], count: number) => points(...values.map((value, i): [number, number] => [i / count, value]));

test("a level line of many points covers what one of two points does", () => {
  for (const [thick, middle] of [[1, 1.5], [1.5, 2], [2, 2.25]] as const) {
    const many = blank(12, 5);
    strokeLine(many, RED, thick, dense(Array.from({ length: 37 }, () => middle), 3), 0, 36, []);
    const seen = opacities(many).flat();
    const two = blank(12, 5);
    strokeLine(two, RED, thick, points([-3, middle], [15, middle]), 0, 1, []);
    opacities(two).flat().forEach((opacity, place) => expect(Math.abs(opacity - (seen[place] as number))).toBeLessThanOrEqual(1));
  }
});

test("a restless line of many points reaches from its lowest to its highest place in each column, without holes", () => {
  const values = Array.from({ length: 41 }, (_, i) => (i % 4 === 1 ? 2.5 : 17.5));
  const sheet = blank(20, 20);
  strokeLine(sheet, RED, 1, dense(values, 2), 0, 40, []);
  const columns = Array.from({ length: 20 }, (_, column) => opacities(sheet).map((row) => row[column] as number));
  const covered = columns.map((rows) => rows.flatMap((opacity, row) => (opacity > 0 ? [row] : [])));
  expect(covered[0]).toEqual(Array.from({ length: 16 }, (_, place) => place + 2));
  // between two peaks the line lies low
  expect(covered[1]?.at(-1)).toBe(17);
  for (const rows of covered) expect(rows.length).toBe((rows.at(-1) as number) - (rows[0] as number) + 1);
});

test("a line of many points begins and ends within its pixels", () => {
  const sheet = blank(12, 1);
  const line = points(...Array.from({ length: 17 }, (_, i): [number, number] => [2.5 + i / 2, 0.5]));
  strokeLine(sheet, RED, 1, line, 0, 16, []);
  expect(opacities(sheet)[0]).toEqual([0, 0, 128, 255, 255, 255, 255, 255, 255, 255, 128, 0]);
});

test("what lies outside of the sheet is left out", () => {
  const sheet = blank(3, 3);
  strokeLine(sheet, RED, 3, points([-50, -50], [-10, 90], [90, 1.5], [100, 400]), 0, 3, []);
  strokeLine(sheet, RED, 3, dense(Array.from({ length: 80 }, (_, i) => 100 * Math.sin(i)), 4), 0, 79, []);
  fillBetween(sheet, RED, points([-50, -50], [90, 400]), new Float64Array([-90, 900]), 0, 1);
  expect(sheet.bytes.length).toBe(36);
});

test("a point alone is a dot", () => {
  const sheet = blank(5, 5);
  strokeLine(sheet, RED, 1.5, points([2.5, 2.5]), 0, 0, []);
  expect(pixel(sheet, 2, 2)[3]).toBe(255);
  expect(pixel(sheet, 3, 2)[3]).toBe(255);
  expect(pixel(sheet, 0, 0)[3]).toBe(0);
});

test("dashes go on from one segment to the next", () => {
  const sheet = blank(12, 1);
  // caps are round: half a pixel of each end of a dash lies in the gap
  strokeLine(sheet, RED, 1, points([0, 0.5], [5, 0.5], [12, 0.5]), 0, 2, [4, 4]);
  const row = opacities(sheet)[0] as number[];
  expect(row.map((opacity) => (opacity > 128 ? "#" : "."))).toEqual([..."####....####"]);
});

test("a fill reaches from the line to its ground, and covers parts of pixels", () => {
  const sheet = blank(3, 4);
  fillBetween(sheet, paintOf("#0000ff", 1), points([0, 1.25], [3, 1.25]), new Float64Array([4, 4]), 0, 1);
  expect(opacities(sheet).map((row) => row[1])).toEqual([0, 191, 255, 255]);
  const other = blank(3, 4);
  fillBetween(other, RED, points([0, 3], [3, 3]), new Float64Array([1, 1]), 0, 1);
  expect(opacities(other).map((row) => row[1])).toEqual([0, 255, 255, 0]);
});

test("a fill follows slopes, and only where the line is", () => {
  const sheet = blank(6, 8);
  fillBetween(sheet, RED, points([0, 9], [1, 8], [5, 0], [6, 9]), new Float64Array([8, 8, 8, 8]), 1, 2);
  expect(Array.from({ length: 6 }, (_, column) => opacities(sheet).reduce((sum, row) => sum + (row[column] as number), 0) / 255)).toEqual([0, 1, 3, 5, 7, 0]);
});

test("what is painted over something lets it through by its opacity", () => {
  const sheet = blank(1, 1);
  fillBetween(sheet, RED, points([0, 0], [1, 0]), new Float64Array([1, 1]), 0, 1);
  fillBetween(sheet, paintOf("#0000ff", 0.5), points([0, 0], [1, 0]), new Float64Array([1, 1]), 0, 1);
  const [red, green, blue, opacity] = pixel(sheet, 0, 0) as [number, number, number, number];
  expect([Math.round(red / 10), green, Math.round(blue / 10), opacity]).toEqual([13, 0, 13, 255]);
});

test("a sheet is blank, also after a line on a taller one", () => {
  strokeLine(blank(4, 9), RED, 1, points([0, 8.5], [4, 8.5]), 0, 1, []);
  const sheet = blank(4, 20);
  strokeLine(sheet, RED, 1, points([-1, 15.5], [5, 15.5]), 0, 1, []);
  expect(opacities(sheet).map((row) => row[0])).toEqual(Array.from({ length: 20 }, (_, row) => (row === 15 ? 255 : 0)));
});
