// The temperature track: which sensors of a machine are worth a line, what they are called, and where its axis ends. Pure.

import type { Labels, Question } from "./asking";
import { figure } from "./numbers";
import type { Track } from "./tracks";

/** A reading as the instant query of `SENSORS` gives it. */
export interface Sensor {
  labels: Labels;
  /** The limit that the sensor itself names, °C; NaN where it names none. */
  limit: number;
}

interface Shown {
  column: string;
  name: string;
  color: string;
  rank: number;
}

const MOST = 6;
const FIRST = 30;
const USUAL_LIMIT = 90;
/** Sensors name limits that are none (65,261 °C, 0 °C). */
const sane = (limit: number): boolean => limit > 40 && limit <= 150;
const DISKS = ["c3", "c10", "c2", "c4"] as const;

const key = (labels: Labels): string => `${labels["chip"] ?? labels["type"] ?? ""} ${labels["sensor"] ?? labels["zone"] ?? ""}`;
const columnOf = (labels: Labels): string => `temperature.${key(labels).replaceAll(/[^A-Za-z0-9]+/g, "_")}`;

/** Joined with the names that hwmon gives its chips and sensors, where it gives them. */
const named = (series: string, matchers: string): string =>
  `${series} * on (chip, instance, job) group_left (chip_name) node_hwmon_chip_names${matchers}`;

const TEMPERATURES = "node_hwmon_temp_celsius";
const ZONES = "node_thermal_zone_temp";

/** What the track asks each second: hwmon, else the kernel's thermal zones. */
export const TEMPERATURE: readonly Question[] = [TEMPERATURES, ZONES].map((family) => ({
  track: "temperature",
  promql: (ask) => ask.gauge(family),
  column: (labels: Labels) => columnOf(labels),
  extremes: true,
}));

/** Instant queries: sensors with their chip's name, their own labels, their limits; thermal zones. */
export function sensorExpressions(matchers: string): Record<"sensors" | "labels" | "limits" | "zones", string> {
  return {
    sensors: named(`node_hwmon_temp_celsius${matchers}`, matchers),
    labels: `node_hwmon_sensor_label${matchers}`,
    limits: `node_hwmon_temp_crit_celsius${matchers}`,
    zones: `${ZONES}${matchers}`,
  };
}

/** Package first, then board, then disks; single cores only where nothing sums them up. */
function describe(labels: Labels, disk: () => string): Shown | null {
  const chip = labels["chip_name"] ?? labels["type"] ?? "";
  const sensor = labels["label"] ?? "";
  const column = columnOf(labels);
  if (/^(coretemp|k10temp|zenpower|cpu_thermal|x86_pkg_temp)/.test(chip)) {
    if (/^(Core|Tccd)/.test(sensor)) return { column, name: `CPU ${sensor.toLowerCase()}`, color: "c7", rank: 9 };
    return { column, name: "CPU package", color: "c7", rank: 0 };
  }
  if (/^(nvme|drivetemp)/.test(chip)) {
    if (/^Sensor/.test(sensor)) return null;
    const device = /nvme\d+/.exec(labels["chip"] ?? "")?.[0] ?? labels["chip"] ?? chip;
    return { column, name: device, color: disk(), rank: 2 };
  }
  if (/^(amdgpu|nouveau|radeon|i915|xe)$/.test(chip)) return { column, name: sensor === "" ? "GPU" : `GPU ${sensor}`, color: "c8", rank: 3 };
  if (/^(acpitz|pch|nct|it8|asus|thinkpad|gigabyte|w83)/.test(chip)) {
    return { column, name: chip === "acpitz" || sensor === "" ? "board" : sensor, color: "c9", rank: 1 };
  }
  return { column, name: sensor || chip || (labels["chip"] ?? "sensor"), color: "c6", rank: 4 };
}

function distinct(found: Shown[]): Shown[] {
  const counts = new Map<string, number>();
  return found.map((one) => {
    const count = (counts.get(one.name) ?? 0) + 1;
    counts.set(one.name, count);
    return count === 1 ? one : { ...one, name: `${one.name} ${count}` };
  });
}

/** The track of a machine's sensors; null where it has none. */
export function temperatureTrack(sensors: readonly Sensor[]): Track | null {
  let disks = 0;
  const disk = () => DISKS[disks++ % DISKS.length] ?? "c3";
  const all = sensors.map((sensor) => describe(sensor.labels, disk)).filter((one) => one !== null);
  if (all.length === 0) return null;
  const summed = all.some((one) => one.rank === 0);
  const ranked = all.filter((one) => !summed || one.rank !== 9).sort((a, b) => a.rank - b.rank);
  // sensors whose names differ only in what a column's name cannot have are one line
  const each = ranked.filter((one, place) => ranked.findIndex(({ column }) => column === one.column) === place);
  const shown = distinct(each.slice(0, MOST));
  const limits = sensors.map((sensor) => sensor.limit).filter(sane);
  return {
    id: "temperature",
    name: "Temperature",
    heightPx: 84,
    kind: "lines",
    series: shown.map(({ column, name, color }) => ({ column, name, color, fill: 0 })),
    minimum: FIRST,
    maximum: limits.length === 0 ? USUAL_LIMIT : Math.max(...limits),
    unit: () => ({ name: "\u00b0C", factor: 1 }),
    write: (value) => figure(value),
    note: () => `\u00b0C, from ${FIRST}`,
    collector: "hwmon",
  };
}
