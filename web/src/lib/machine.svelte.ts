// What this machine has: devices, sensors, families. Asked at the start and once a minute, so that a disk that is plugged in
// appears, while tracks are shown; decides which there are.

import { Failure } from "./api";
import { type Labels, selector } from "./asking";
import { WHOLE_DISKS, WIRES } from "./expressions";
import { queryAll } from "./host";
import { MORE, type More } from "./more";
import { type Sensor, sensorExpressions } from "./sensors";

const AGAIN_MS = 60_000;
/** A server that has just started has not collected all yet. */
const SOON_MS = 1500;
const SOON_TRIES = 4;

const PRESSURE = "node_pressure_cpu_waiting_seconds_total";
const SENSORS = ["node_hwmon_temp_celsius", "node_thermal_zone_temp"] as const;

export class Machine {
  /** Whether the answer is there: until then nothing is said to be missing. */
  known = $state(false);
  disks = $state.raw<readonly string[]>([]);
  wires = $state.raw<readonly string[]>([]);
  sensors = $state.raw<readonly Sensor[]>([]);
  more = $state.raw<readonly More[]>([]);
  hasPressure = $state(true);

  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Which look is the last: an earlier one that ends later sets no timer. */
  private turn = 0;

  private followers = 0;

  /** Look now, and then again and again while the page is seen. Gives what ends it. */
  follow(host: string): () => void {
    this.followers += 1;
    void this.look(host);
    return () => {
      this.followers -= 1;
      if (this.followers === 0) clearTimeout(this.timer);
    };
  }

  /** Look once; whoever follows is looked for again. */
  async look(host: string): Promise<void> {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    this.tries += 1;
    try {
      await this.read(host);
    } catch (error) {
      // the connection tells of what failed; the next look asks again
      if (!(error instanceof Failure)) throw error;
    }
    const soon = this.tries < SOON_TRIES || !this.known;
    if (turn === this.turn && this.followers > 0) this.wait(host, soon ? SOON_MS : AGAIN_MS);
  }

  private wait(host: string, ms: number): void {
    this.timer = setTimeout(() => (document.hidden ? this.wait(host, SOON_MS) : void this.look(host)), ms);
  }

  private async read(host: string): Promise<void> {
    const asked = [PRESSURE, ...SENSORS, ...MORE.map((more) => more.needs)];
    const names = `__name__=~${JSON.stringify(asked.join("|"))}`;
    const [families, disks, wires] = await Promise.all([
      queryAll(`group by (__name__) (${selector(host, names)})`),
      queryAll(`group by (device) (node_disk_read_bytes_total${selector(host, WHOLE_DISKS)})`),
      queryAll(`group by (device) (node_network_receive_bytes_total${selector(host, WIRES)})`),
    ]);
    const found = new Set(families.map((row) => row.labels["__name__"]));
    if (found.size === 0) return;
    const sensors = SENSORS.some((name) => found.has(name)) ? await this.readSensors(host) : [];
    this.replace("disks", devices(disks));
    this.replace("wires", devices(wires));
    if (sensors.length > 0) this.replace("sensors", sensors);
    this.replace("more", MORE.filter((more) => found.has(more.needs)));
    // what was there and gives nothing now is not gone: its collector is in trouble, and its track says so
    this.hasPressure = found.has(PRESSURE) || (this.known && this.hasPressure);
    this.known = true;
  }

  // what has not changed must redraw nothing
  private replace<K extends "disks" | "wires" | "sensors" | "more">(field: K, value: this[K]): void {
    if (JSON.stringify(this[field]) !== JSON.stringify(value)) this[field] = value;
  }

  private async readSensors(host: string): Promise<Sensor[]> {
    const asked = sensorExpressions(selector(host));
    const [sensors, labels, limits, zones] = await Promise.all([
      queryAll(asked.sensors),
      queryAll(asked.labels),
      queryAll(asked.limits),
      queryAll(asked.zones),
    ]);
    return joinSensors(sensors.length > 0 ? sensors : zones, labels, limits);
  }
}

const devices = (rows: readonly { labels: Labels }[]): string[] => rows.map((row) => row.labels["device"] ?? "").filter(Boolean).sort();

const same = (a: Labels, b: Labels): boolean => a["chip"] === b["chip"] && a["sensor"] === b["sensor"];

/** Each sensor with the label and the limit that hwmon gives it. */
export function joinSensors(
  sensors: readonly { labels: Labels }[],
  labels: readonly { labels: Labels }[],
  limits: readonly { labels: Labels; value: number }[],
): Sensor[] {
  return sensors.map((sensor) => {
    const label = labels.find((row) => same(row.labels, sensor.labels))?.labels["label"];
    const limit = limits.find((row) => same(row.labels, sensor.labels))?.value ?? NaN;
    return { labels: label === undefined ? sensor.labels : { ...sensor.labels, label }, limit };
  });
}
