// Which tracks the recorder shows, in their order: those that every host has, a device's own, a machine's own. Pure.

import type { Group } from "./display.svelte";
import type { More } from "./more";
import { type Track, TRACKS, diskTrack, networkTrack } from "./tracks";

export interface Having {
  disks: readonly string[];
  wires: readonly string[];
  more: readonly More[];
  hasPressure: boolean;
  temperature: Track | null;
  swapUsed: boolean;
  /** The groups whose devices are known to be none, with nothing in the way of seeing them. */
  none: ReadonlySet<Group>;
}

export interface Listing {
  track: Track;
  /** The track that it is a part of. */
  of: string | null;
}

export interface Rest {
  group: Group;
  count: number;
}

/** At most so many sub-tracks, the busiest first. */
export const MOST_PARTS = 8;

/** The devices by activity, busiest first; those that are level keep the order of their names. */
export function byActivity(devices: readonly string[], activity: (device: string) => number): string[] {
  const known = (device: string) => activity(device) || 0;
  return [...devices].sort((a, b) => known(b) - known(a));
}

export interface Hidden {
  track: Track;
  group: Group;
}

/** What a machine has and `listing` does not show: devices and more tracks whose group is closed or not open as a whole. */
export function hidden(having: Having, shown: readonly Listing[]): Hidden[] {
  const seen = new Set(shown.map(({ track }) => track.id));
  const all: Hidden[] = [
    ...having.disks.map((device) => ({ track: diskTrack(device), group: "disk" as const })),
    ...having.wires.map((device) => ({ track: networkTrack(device), group: "network" as const })),
    ...having.more.map(({ track }) => ({ track, group: "more" as const })),
  ];
  return all.filter(({ track }) => !seen.has(track.id));
}

/** The tracks to show. `order` gives a group's devices, busiest first. */
export function listing(
  having: Having,
  open: ReadonlySet<Group>,
  all: ReadonlySet<Group>,
  order: (group: "disk" | "network", devices: readonly string[]) => readonly string[],
): { shown: Listing[]; rest: Rest[] } {
  const shown: Listing[] = [];
  const rest: Rest[] = [];
  for (const track of TRACKS) {
    if (track.id === "pressure" && !having.hasPressure) continue;
    if (track.parts !== undefined && having.none.has(track.parts)) continue;
    if (track.onceUsed !== undefined && !having.swapUsed) continue;
    shown.push({ track, of: null });
    const group = track.parts;
    if (group === undefined || !open.has(group)) continue;
    const devices = order(group, group === "disk" ? having.disks : having.wires);
    const seen = all.has(group) ? devices : devices.slice(0, MOST_PARTS);
    for (const device of seen) shown.push({ track: group === "disk" ? diskTrack(device) : networkTrack(device), of: group });
    if (devices.length > seen.length) rest.push({ group, count: devices.length - seen.length });
  }
  if (having.temperature !== null) shown.push({ track: having.temperature, of: null });
  if (open.has("more")) for (const more of having.more) shown.push({ track: more.track, of: "more" });
  return { shown, rest };
}
