import { afterEach, describe, expect, test } from "vitest";
import { networkUnit } from "../src/lib/prefs";
import {
  axisFigure, bitRateUnit, byteRateUnit, capacity, capacityUnit, duration, durationInWords, figure, percent, roundPercent, whole,
} from "../src/lib/numbers";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("figures", () => {
  test.each([
    [0, "0.0"], [0.049, "0.0"], [-0.01, "0.0"], [0.05, "0.1"], [1.44, "1.4"], [9.3, "9.3"], [12.94, "12.9"], [83.4, "83.4"],
    [99.94, "99.9"], [99.96, "100"], [166.6, "167"], [322, "322"], [999.4, "999"], [999.6, "1,000"], [1234, "1,230"],
    [12_400, "12,400"], [12_449, "12,400"], [1_234_567, "1,230,000"], [-9.3, "\u22129.3"], [-322.2, "\u2212322"],
    [NaN, "no data"], [Infinity, "no data"],
  ])("%d is written %s", (value, text) => expect(figure(value)).toBe(text));

  test.each([[0, "0"], [8, "8"], [999, "999"], [12_400, "12,400"], [-3, "\u22123"], [NaN, "no data"]])(
    "the whole %d is written %s", (value, text) => expect(whole(value)).toBe(text));

  test.each([[0.04, "0.0"], [12.94, "12.9"], [99.94, "99.9"], [99.99, "99.9"], [100, "100.0"], [NaN, "no data"]])(
    "%d %% is written %s, never 100.0 unless it is", (value, text) => expect(percent(value)).toBe(text));

  test.each([[13.2, "13 %"], [99.7, "99 %"], [100, "100 %"], [0.3, "0 %"]])(
    "%d is in a sentence %s", (value, text) => expect(plain(roundPercent(value))).toBe(text));

  test.each([[0, "0"], [200, "200"], [0.5, "0.5"], [31.299, "31.3"], [-200, "\u2212200"], [1000, "1,000"]])(
    "an axis writes %d as %s", (value, text) => expect(axisFigure(value)).toBe(text));
});

describe("units", () => {
  test.each([
    [0, "0 B"], [512, "512 B"], [1023, "1,023 B"], [1024, "1.0 KiB"], [19.5 * 1024 ** 3, "19.5 GiB"],
    [176 * 1024 ** 3, "176 GiB"], [2 ** 41, "2.0 TiB"], [NaN, "no data"],
  ])("%d bytes are %s", (bytes, text) => expect(plain(capacity(bytes))).toBe(text));

  test("one unit for a column is picked by its maximum", () => {
    expect(capacityUnit(31.3 * 1024 ** 3)).toEqual({ name: "GiB", factor: 1024 ** 3 });
    expect(byteRateUnit(999_999).name).toBe("kB/s");
    expect(byteRateUnit(1_000_000)).toEqual({ name: "MB/s", factor: 1_000_000 });
    expect(bitRateUnit(2e9)).toEqual({ name: "Gb/s", factor: 1e9 });
    expect(bitRateUnit(5e20).name).toBe("Tb/s");
  });

  test("a no-break space stands before a unit", () => expect(capacity(2048)).toBe("2.0\u00a0KiB"));
});

describe("durations", () => {
  const [S, M, H, D] = [1000, 60_000, 3_600_000, 86_400_000];
  test.each([
    [0, "0 ms"], [450, "450 ms"], [999.4, "999 ms"], [999.6, "1 s"], [S, "1 s"], [38 * S, "38 s"], [2 * M + 2 * S, "2 min 2 s"], [2 * M, "2 min"],
    [H + 30 * M + 5 * S, "1 h 30 min"], [41 * D + 6 * H + 59 * M, "41 d 6 h"], [D + 5 * M, "1 d"], [NaN, "no data"],
  ])("%d ms are %s", (ms, text) => expect(plain(duration(ms))).toBe(text));

  test.each([
    [5 * M, "5 minutes"], [H, "1 hour"], [6 * H, "6 hours"], [D, "24 hours"], [7 * D, "7 days"], [30 * D, "30 days"], [M + 5 * S, "1 min 5 s"],
  ])("%d ms in words are %s", (ms, text) => expect(plain(durationInWords(ms))).toBe(text));
});

describe("network rates in bytes", () => {
  afterEach(() => (networkUnit.value = "bits"));

  test.each([
    [80_000_000, { name: "MB/s", factor: 8_000_000 }],
    [8_000, { name: "kB/s", factor: 8_000 }],
    [7_000, { name: "B/s", factor: 8 }],
  ])("%d bits a second", (bits, unit) => {
    networkUnit.value = "bytes";
    expect(bitRateUnit(bits)).toEqual(unit);
  });
});
