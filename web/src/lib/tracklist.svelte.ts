// The tracks on the page now, and the questions that the open ones need: the machine, what is open, what is busy. Sub-tracks
// change places only while nobody points, and at most once in ten seconds, so that nothing jumps.

import { untrack } from "svelte";
import type { Group } from "./display.svelte";
import { PARTS } from "./expressions";
import { type Having, type Hidden, type Listing, type Rest, byActivity, hidden, listing } from "./listing";
import { Machine } from "./machine.svelte";
import type { Recorder } from "./recorder.svelte";
import { TEMPERATURE, temperatureTrack } from "./sensors";
import type { Track } from "./tracks";
import { absentWords, troubleOf } from "./trouble";

const ORDER_MS = 10_000;
/** Over how much of the newest samples activity is read. */
const ACTIVITY_MS = 30_000;

export class TrackList {
  readonly machine = new Machine();
  private order = $state.raw<Record<"disk" | "network", readonly string[]>>({ disk: [], network: [] });
  private orderedAtMs = 0;
  private swapUsed = $state(false);

  private readonly temperature = $derived(temperatureTrack(this.machine.sensors));

  private readonly collector = (name: string) => this.recorder.status?.collectors.find((one) => one.name === name);
  /** A track whose collector fails stays, and says so. */
  private readonly hasPressure = $derived.by(() => this.machine.hasPressure || troubleOf(this.collector("pressure")) !== null);

  // an empty track of what a machine has not is of no use; one whose collector fails says so
  private readonly none = $derived.by<ReadonlySet<Group>>(() => {
    const found = new Set<Group>();
    if (!this.machine.known) return found;
    if (this.machine.disks.length === 0 && troubleOf(this.collector("diskstats")) === null) found.add("disk");
    if (this.machine.wires.length === 0 && troubleOf(this.collector("netdev")) === null) found.add("network");
    return found;
  });

  private readonly having = $derived.by<Having>(() => ({
    disks: this.machine.disks,
    wires: this.machine.wires,
    more: this.machine.more,
    hasPressure: this.hasPressure,
    temperature: this.temperature,
    swapUsed: this.swapUsed,
    none: this.none,
  }));

  private readonly listed = $derived.by(() =>
    listing(
      this.having,
      this.recorder.display.open,
      this.recorder.display.all,
      (group, devices) => {
        const known = this.order[group].filter((device) => devices.includes(device));
        return [...known, ...devices.filter((device) => !known.includes(device))];
      },
    ),
  );

  readonly shown: readonly Listing[] = $derived(this.listed.shown);
  readonly rest: readonly Rest[] = $derived(this.listed.rest);
  readonly tracks: readonly Track[] = $derived(this.shown.map((one) => one.track));
  /** What is there behind groups that are closed, or not open as a whole. */
  readonly hidden: readonly Hidden[] = $derived(hidden(this.having, this.shown));

  /** What other machines have and this one has not, in words. */
  readonly absent: readonly string[] = $derived.by(() => {
    if (!this.machine.known) return [];
    const missing = [
      ...(this.hasPressure ? [] : [absentWords({ id: "pressure", name: "Pressure" }, this.collector("pressure"))]),
      ...(this.none.has("disk") ? ["Disk I/O: no disk is collected here."] : []),
      ...(this.none.has("network") ? ["Network: no interface is collected here."] : []),
      ...(this.temperature !== null ? [] : [absentWords({ id: "temperature", name: "Temperature" }, this.collector("hwmon"))]),
    ];
    return missing.filter((words) => words !== null);
  });

  constructor(private readonly recorder: Recorder) {}

  /** How many tracks a group has. */
  sizeOf(group: Group): number {
    return { disk: this.machine.disks, network: this.machine.wires, more: this.machine.more }[group].length;
  }

  /** Effects that keep it going; called while a component is made. */
  attend(): void {
    $effect(() => {
      const { host } = this.recorder;
      return host === "" ? undefined : untrack(() => this.machine.follow(host));
    });
    $effect(() => {
      if (this.temperature !== null) return this.recorder.subscribe(TEMPERATURE);
      return undefined;
    });
    for (const group of ["disk", "network"] as const) {
      $effect(() => (this.recorder.display.open.has(group) ? this.recorder.subscribe(PARTS[group]) : undefined));
    }
    $effect(() => {
      if (!this.recorder.display.open.has("more")) return undefined;
      return this.recorder.subscribe(this.machine.more.flatMap((more) => more.questions));
    });
    $effect(() => {
      void this.recorder.revision;
      untrack(() => this.watch());
    });
  }

  private watch(): void {
    if (!this.swapUsed && (this.recorder.newest("swap.used")?.value ?? 0) > 0) this.swapUsed = true;
    const now = performance.now();
    if (this.recorder.shownMs !== null || (this.orderedAtMs > 0 && now - this.orderedAtMs < ORDER_MS)) return;
    const open = (["disk", "network"] as const).filter((group) => this.recorder.display.open.has(group));
    if (open.length === 0) return;
    this.orderedAtMs = now;
    const next = { ...this.order };
    for (const group of open) next[group] = byActivity(group === "disk" ? this.machine.disks : this.machine.wires, (device) => this.activity(group, device));
    if (JSON.stringify(next) !== JSON.stringify(this.order)) this.order = next;
  }

  private activity(group: "disk" | "network", device: string): number {
    const columns = group === "disk" ? ["disk.read", "disk.write"] : ["network.in", "network.out"];
    const { toMs } = this.recorder.view;
    let total = 0;
    for (const column of columns) {
      for (const value of this.recorder.span(`${column}/${device}`, toMs - ACTIVITY_MS, toMs).values) total += value || 0;
    }
    return total;
  }
}
