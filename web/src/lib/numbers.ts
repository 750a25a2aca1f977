// How figures are written: significant digits, units, durations. Pure; every rule has a row in tests/numbers.test.ts.
// Absence is words, never 0, NaN or a dash.

import { networkUnit } from "./prefs";

export const NO_DATA = "no data";
const NBSP = "\u00a0";
const MINUS = "\u2212";

export interface Unit {
  /** What stands behind the figure. */
  name: string;
  /** How many base units one of these is. */
  factor: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const IEC = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SI_BYTES = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];
const SI_BITS = ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"];

function pick(names: readonly string[], base: number, value: number): Unit {
  let power = 0;
  while (power < names.length - 1 && Math.abs(value) >= base ** (power + 1)) power += 1;
  return { name: names[power] ?? "", factor: base ** power };
}

/** The unit in which a capacity of this size is written. */
export const capacityUnit = (bytes: number): Unit => pick(IEC, 1024, bytes);
/** The unit in which a rate of this many bytes a second is written. */
export const byteRateUnit = (bytes: number): Unit => pick(SI_BYTES, 1000, bytes);
/** The unit in which a rate of this many bits a second is written; bytes where a person chose them. */
export function bitRateUnit(bits: number): Unit {
  if (networkUnit.value === "bits") return pick(SI_BITS, 1000, bits);
  const unit = byteRateUnit(bits / 8);
  return { name: unit.name, factor: unit.factor * 8 };
}

function signed(value: number, digits: string): string {
  return value < 0 && /[1-9]/.test(digits) ? MINUS + digits : digits;
}

/** Three significant digits, at most one decimal, thousands set apart: `0.0`, `9.3`, `83.4`, `322`, `12,400`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return NO_DATA;
  const size = Math.abs(value);
  if (size < 0.05) return "0.0";
  if (size < 99.95) return signed(value, size.toFixed(1));
  if (size < 999.5) return signed(value, String(Math.round(size)));
  const step = 10 ** (Math.floor(Math.log10(size)) - 2);
  return signed(value, (Math.round(size / step) * step).toLocaleString("en-US", { maximumFractionDigits: 0 }));
}

/** A whole number: `8`, `999`, `12,400`. */
export function whole(value: number): string {
  if (!Number.isFinite(value)) return NO_DATA;
  return signed(value, Math.abs(Math.round(value)).toLocaleString("en-US"));
}

/** A percentage with one decimal and without its sign; never `100.0` unless it is. */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return NO_DATA;
  const size = Math.abs(value);
  if (size < 0.05) return "0.0";
  if (size < 100 && size >= 99.95) return signed(value, "99.9");
  return signed(value, size.toFixed(1));
}

/** A percentage without decimal, as sentences say it; never `100` unless it is. */
export function roundPercent(value: number): string {
  if (!Number.isFinite(value)) return NO_DATA;
  const rounded = Math.round(value);
  return `${rounded === 100 && value < 100 ? 99 : rounded}${NBSP}%`;
}

/** A capacity in IEC: `19.5 GiB`. */
export function capacity(bytes: number): string {
  if (!Number.isFinite(bytes)) return NO_DATA;
  const unit = capacityUnit(bytes);
  const text = unit.factor === 1 ? whole(bytes) : figure(bytes / unit.factor);
  return `${text}${NBSP}${unit.name}`;
}

/** A label of an axis: the shortest form of a round number (`200`, `0.5`, `31.3`). */
export function axisFigure(value: number): string {
  return signed(value, Number(Math.abs(value).toFixed(1)).toLocaleString("en-US"));
}

/** A duration in its two largest units: `41 d 6 h`, `2 min 2 s`, `450 ms`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return NO_DATA;
  // below a second in whole milliseconds, of which a thousand are one
  const size = ms < 1000 ? Math.max(0, Math.round(ms)) : ms;
  if (size < 1000) return `${size}${NBSP}ms`;
  const units: [string, number][] = [
    ["d", DAY_MS],
    ["h", HOUR_MS],
    ["min", MINUTE_MS],
    ["s", 1000],
  ];
  const first = units.findIndex(([, unitMs]) => size >= unitMs);
  const parts: string[] = [];
  let rest = size;
  for (const [name, unitMs] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) parts.push(`${count}${NBSP}${name}`);
  }
  return parts.join(" ");
}

/** A duration in full words, for "Reading 30 days.": `5 minutes`, `1 hour`, `30 days`. */
export function durationInWords(ms: number): string {
  const say = (count: number, word: string) => `${count}${NBSP}${word}${count === 1 ? "" : "s"}`;
  if (ms >= 2 * DAY_MS && ms % DAY_MS === 0) return say(ms / DAY_MS, "day");
  if (ms >= HOUR_MS && ms % HOUR_MS === 0) return say(ms / HOUR_MS, "hour");
  if (ms >= MINUTE_MS && ms % MINUTE_MS === 0) return say(ms / MINUTE_MS, "minute");
  return duration(ms);
}
