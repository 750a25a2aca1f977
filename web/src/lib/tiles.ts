// The six vital tiles: figure, unit, one line of meaning, and whether something is wrong. Pure.

import { distant } from "./filling";
import { NO_DATA, bitRateUnit, byteRateUnit, capacity, capacityUnit, figure } from "./numbers";
import type { Severity } from "./sentence";

export interface Peak {
  value: number;
  /** When, as the clock says it. */
  at: string;
  /** Whether it is the highest mean of a wide bucket, not the highest second. */
  ofMeans?: boolean;
}

export interface Vitals {
  /** Percent; null where not known, as everything here. */
  cpu: number | null;
  memory: number | null;
  memoryUsedBytes: number | null;
  memoryTotalBytes: number | null;
  pressure: number | null;
  /** Bytes a second, read and written. */
  disk: number | null;
  /** Bits a second. */
  networkIn: number | null;
  networkOut: number | null;
  /** The fullest filesystem. */
  space: { mount: string; used: number; freeBytes: number; fillsInMs: number | null } | null;
  cpuPeak: Peak | null;
  pressurePeak: Peak | null;
  diskPeak: Peak | null;
  /** What stands for each meaning while the host is silent. */
  silent: string | null;
}

export interface Tile {
  id: string;
  name: string;
  figure: string;
  unit: string;
  meaning: string;
  trouble: Severity | null;
  /** Its colour's token. */
  color: string;
  /** The name of the track, or the id of the card, that it leads to. */
  leadsTo: string;
}

const FULL = 95;
const STRAINED = 40;

/** A percentage in a tile: without decimal, but below ten, where the decimal says more than the rest. */
function tilePercent(value: number): string {
  if (value < 9.95) return figure(value);
  const rounded = Math.round(value);
  return String(rounded === 100 && value < 100 ? 99 : rounded);
}

const percent = (value: number | null): [string, string] => (value === null ? [NO_DATA, ""] : [tilePercent(value), "%"]);

function rate(value: number | null, unitOf: (value: number) => { name: string; factor: number }): [string, string] {
  if (value === null) return [NO_DATA, ""];
  // quiet seconds are read in mega too, so that the unit does not jump
  const unit = unitOf(Math.max(1_000_000, value));
  return [figure(value / unit.factor), unit.name];
}

const peak = (found: Peak | null, write: (value: number) => string): string => (found === null ? "" : `${found.ofMeans ? "highest mean" : "peak"} ${write(found.value)} at\u00a0${found.at}`);

function memoryMeaning(now: Vitals): string {
  if (now.memoryTotalBytes === null || now.memoryUsedBytes === null) return "";
  const unit = capacityUnit(now.memoryTotalBytes);
  return `${figure(now.memoryUsedBytes / unit.factor)} of ${capacity(now.memoryTotalBytes)}`;
}

function networkMeaning(now: Vitals): string {
  if (now.networkIn === null || now.networkOut === null) return "";
  const unit = bitRateUnit(Math.max(1_000_000, now.networkIn + now.networkOut));
  return `in ${figure(now.networkIn / unit.factor)}, out ${figure(now.networkOut / unit.factor)}`;
}

function spaceMeaning(space: NonNullable<Vitals["space"]>): string {
  if (space.fillsInMs !== null) return `${space.mount} fills in ${distant(space.fillsInMs)}`;
  return `${space.mount} has ${capacity(space.freeBytes)} free`;
}

function spaceTrouble(space: Vitals["space"]): Severity | null {
  if (space === null) return null;
  return space.fillsInMs !== null || space.used >= FULL ? "warning" : null;
}

/** All six, in their order. */
export function tiles(now: Vitals): Tile[] {
  const network = now.networkIn === null || now.networkOut === null ? null : now.networkIn + now.networkOut;
  const made: [string, string, [string, string], string, Severity | null, string, string][] = [
    ["cpu", "CPU", percent(now.cpu), peak(now.cpuPeak, (value) => `${tilePercent(value)}\u00a0%`), null, "c1", "CPU"],
    ["memory", "Memory", percent(now.memory), memoryMeaning(now), null, "c6", "Memory"],
    [
      "pressure",
      "Pressure",
      percent(now.pressure),
      peak(now.pressurePeak, (value) => `${tilePercent(value)}\u00a0%`),
      (now.pressure ?? 0) > STRAINED ? "warning" : null,
      "c2",
      "Pressure",
    ],
    ["disk", "Disk I/O", rate(now.disk, byteRateUnit), peak(now.diskPeak, (value) => rate(value, byteRateUnit).join("\u00a0")), null, "c3", "Disk I/O"],
    [
      "space",
      "Disk space",
      percent(now.space?.used ?? null),
      now.space === null ? "" : spaceMeaning(now.space),
      spaceTrouble(now.space),
      "c9",
      "#filesystems",
    ],
    ["network", "Network", rate(network, bitRateUnit), networkMeaning(now), null, "c10", "Network"],
  ];
  return made.map(([id, name, [text, unit], meaning, trouble, color, leadsTo]) => ({
    id,
    name,
    figure: text,
    unit,
    meaning: now.silent ?? meaning,
    trouble: now.silent === null ? trouble : null,
    color,
    leadsTo,
  }));
}

/** Bring what a tile stands for into sight, and the focus to it. */
export function jumpTo(leadsTo: string): void {
  const place = leadsTo.startsWith("#")
    ? document.querySelector<HTMLElement>(leadsTo)
    : document.querySelector<HTMLElement>(`figure[aria-label="${leadsTo}"]`);
  if (place === null) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  place.focus({ preventScroll: true });
}

const LEADS_TO = ["CPU", "Memory", "Pressure", "Disk I/O", "#filesystems", "Network"];

/** What the keys 1 to 6 do. */
export function jumpToTile(key: string): void {
  const leadsTo = LEADS_TO[Number(key) - 1];
  if (leadsTo !== undefined) jumpTo(leadsTo);
}
