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
