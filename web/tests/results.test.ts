import { describe, expect, test } from "vitest";
import { rowsOf } from "../src/lib/exploring.svelte";
import { type Row, csv, distinct, picture, seriesText, statistics, valueText } from "../src/lib/results";

const row = (labels: Record<string, string>, ...pairs: [number, number][]): Row => ({
  labels,
  times: Float64Array.from(pairs, ([ms]) => ms),
  values: Float64Array.from(pairs, ([, value]) => value),
});

test.each([
  [{ __name__: "up" }, "up"],
  [{ __name__: "up", job: "node" }, 'up{job="node"}'],
  [{ mode: 'a"b' }, '{mode="a\\"b"}'],
  [{}, "{}"],
])("a series is written as in a query: %o", (labels, text) => expect(seriesText(labels)).toBe(text));

test.each([
  [0, "0"], [-3, "\u22123"], [999, "999"], [12_345, "12,300"], [0.1234, "0.123"], [0.00087, "0.000870"], [4e-7, "4.00e\u22127"], [3e15, "3.00e15"],
  [Infinity, "+Inf"], [-Infinity, "\u2212Inf"], [NaN, "no data"], [83.44, "83.4"], [1.5e-320, "1.50e\u2212320"],
])("%d is written %s", (value, text) => expect(valueText(value)).toBe(text));

test("series that read the same are told apart", () => {
  const labels = [{ a: "1", b: "2" }, { 'a="1", b': "2" }, { __name__: "up" }].map(seriesText);
  expect(labels[0]).toBe(labels[1]);
  expect(distinct([...labels, "up 2", "up"])).toEqual(['{a="1", b="2"}', '{a="1", b="2"} 2', "up", "up 2", "up 3"]);
});

test("a picture of the greatest numbers there are has places for its labels", () => {
  const { labels, panes } = picture([{ id: "a", color: "c1", row: row({}, [0, 1.7e308]) }], { fromMs: 0, toMs: 1000 }, 1000, []);
  expect(new Set(labels.map((label) => label.share)).size).toBe(labels.length);
  expect([panes[0]?.low, panes[0]?.high]).toEqual([0, 1.7e308]);
});

test("statistics leave out what is absent", () => {
  expect(statistics(Float64Array.of(NaN, 1, 3, NaN))).toEqual({ min: 1, mean: 2, max: 3, last: 3 });
  expect(statistics(new Float64Array())).toEqual({ min: NaN, mean: NaN, max: NaN, last: NaN });
});

describe("CSV", () => {
  test("has a line an instant and a column a series, empty where there is none", () => {
    const text = csv([row({ __name__: "a" }, [0, 1], [1000, 2]), row({ __name__: "b", x: "y" }, [1000, NaN], [2000, 0.5])]);
    expect(text).toBe('time,a,"b{x=""y""}"\r\n1970-01-01T00:00:00.000Z,1,\r\n1970-01-01T00:00:01.000Z,2,\r\n1970-01-01T00:00:02.000Z,,0.5\r\n');
  });

  test("hands no spreadsheet a formula", () => expect(csv([row({ __name__: "=HYPERLINK(1)" }, [0, 1])]).split("\r\n")[0]).toBe("time,'=HYPERLINK(1)"));
});

describe("the picture", () => {
  const shown = [{ id: "A", color: "c1", row: row({}, [1000, 3], [3000, 7]) }];

  test("leaves a hole where there is no point", () => {
    const made = picture(shown, { fromMs: 1000, toMs: 4000 }, 1000, []);
    expect([...(made.lines[0]?.y ?? [])]).toEqual([3, NaN, 7, NaN]);
    expect(made.panes[0]).toEqual({ top: 0, bottom: 1, low: 0, high: 10 });
    expect(made.gaps).toEqual([{ fromMs: 1000, toMs: 3000 }]);
    const other = { id: "B", color: "c2", row: row({}, [2000, 1]) };
    expect(picture([...shown, other], { fromMs: 1000, toMs: 4000 }, 1000, []).gaps).toEqual([]);
  });

  test.each([
    [[-4], { low: -5, high: 0 }],
    [[-4, 9], { low: -5, high: 10 }],
    [[0], { low: 0, high: 1 }],
    [[Infinity], { low: 0, high: 1 }],
  ])("of %o ends at zero or at what is known", (values, ends) => {
    const pairs = values.map((value, place): [number, number] => [place * 1000, value]);
    const made = picture([{ id: "A", color: "c1", row: row({}, ...pairs) }], { fromMs: 0, toMs: 2000 }, 1000, []);
    expect(made.panes[0]).toMatchObject(ends);
  });
});

test.each([
  [{ resultType: "vector" as const, result: [{ metric: { a: "b" }, value: [1, "2"] }] }, [2]],
  [{ resultType: "matrix" as const, result: [{ metric: {}, values: [[1, "+Inf"], [2, "-Inf"], [3, "NaN"]] }] }, [Infinity, -Infinity, NaN]],
  [{ resultType: "scalar" as const, result: [1, "5"] }, [5]],
])("an answer becomes rows: %o", (answer, values) => expect([...(rowsOf(answer)[0]?.values ?? [])]).toEqual(values));

test("a string is no row", () => expect(rowsOf({ resultType: "string", result: [1, "x"] })).toEqual([]));
