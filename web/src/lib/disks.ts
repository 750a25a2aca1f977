// The filesystems of a host: which are told, how full, and what the last week says. Pure but for its questions' text.

import { DANGER_MS, type Filling, filling } from "./filling";
import { type Traced, type Valued, of } from "./host";

const MADE_UP = "tmpfs|devtmpfs|ramfs|squashfs|iso9660|erofs|efivarfs|nsfs|autofs|fuse[.]lxcfs|fuse[.]portal|fuse[.]gvfsd-fuse";
const REAL = `fstype!~"${MADE_UP}"`;

/** Free and whole bytes of each, told apart by the label `what`. */
export function spaceExpression(host: string): string {
  const named = (what: string, metric: string) => `label_replace(${metric}${of(host, REAL)}, "what", "${what}", "", "")`;
  return `${named("free", "node_filesystem_avail_bytes")} or ${named("size", "node_filesystem_size_bytes")}`;
}

/** Free bytes, an hour a step. */
export const freeExpression = (host: string): string => `avg_over_time(node_filesystem_avail_bytes${of(host, REAL)}[1h])`;

/** How full the fullest is, percent. */
export const fullestExpression = (host: string): string =>
  `100 * max(1 - node_filesystem_avail_bytes${of(host, REAL)} / node_filesystem_size_bytes${of(host, REAL)})`;

export interface Disk {
  mount: string;
  freeBytes: number;
  sizeBytes: number;
  /** Percent. */
  used: number;
  filling: Filling;
}

const keyOf = (labels: Record<string, string>): string => `${labels["device"] ?? ""}\n${labels["mountpoint"] ?? ""}`;

/** One of each device, its shortest mount point, fullest first. */
export function disksOf(space: readonly Valued[], week: readonly Traced[]): Disk[] {
  const sizes = new Map<string, number>();
  for (const { labels, value } of space) if (labels["what"] === "size") sizes.set(keyOf(labels), value);
  const points = new Map(week.map((series) => [keyOf(series.labels), series.points]));
  const byDevice = new Map<string, Disk>();
  for (const { labels, value } of space) {
    const sizeBytes = sizes.get(keyOf(labels)) ?? 0;
    if (labels["what"] !== "free" || !(sizeBytes > 0)) continue;
    const mount = labels["mountpoint"] ?? "";
    const device = `${labels["device"] ?? ""} ${sizeBytes}`;
    const known = byDevice.get(device);
    if (known !== undefined && known.mount.length <= mount.length) continue;
    const filled = filling({ points: points.get(keyOf(labels)) ?? [], sizeBytes });
    byDevice.set(device, { mount, freeBytes: value, sizeBytes, used: 100 * (1 - value / sizeBytes), filling: filled });
  }
  return [...byDevice.values()].sort((a, b) => b.used - a.used);
}

/** The one that is full first, if that is soon. */
export function firstFull(disks: readonly Disk[]): { mount: string; inMs: number; overMs: number } | null {
  let first: { mount: string; inMs: number; overMs: number } | null = null;
  for (const disk of disks) {
    if (disk.filling.kind !== "full" || disk.filling.inMs > DANGER_MS) continue;
    if (first === null || disk.filling.inMs < first.inMs) first = { mount: disk.mount, inMs: disk.filling.inMs, overMs: disk.filling.overMs };
  }
  return first;
}
