// The address holds the view: host, range, held window, held second, isolated series, what is expanded, open or a table.
// Reading and writing are pure.

import { DEFAULT_RANGE_MS, LONGEST_MS, RANGES, SHORTEST_MS } from "./steps";

export const GROUPS = ["disk", "network", "more"] as const;
/** Tracks that show their parts below themselves. */
export type Group = (typeof GROUPS)[number];

/** How the tracks are shown. */
export interface Shown {
  /** The track at full height. */
  expanded: string | null;
  /** The tracks that are tables. */
  tables: readonly string[];
  open: readonly Group[];
}

export interface Address extends Shown {
  /** "" on `/`: the one host there is. */
  host: string;
  rangeMs: number;
  /** The held window; null while live. */
  window: { fromMs: number; toMs: number } | null;
  /** Whether only its held second was named: the window is what that makes of it. */
  alone?: boolean;
  /** The held second. */
  atMs: number | null;
  /** Columns that are drawn alone; empty: all. */
  only: readonly string[];
}

const MOST_RANGE_MS = 366 * 86_400_000;

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

/** A range as the address writes it, `15m`, `90s`; null where it is none that a view may have. */
export function readRange(text: string): number | null {
  const [, count, unit] = /^(\d{1,7})([dhms])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit as keyof typeof UNITS] ?? NaN);
  return ms >= SHORTEST_MS && ms <= LONGEST_MS ? ms : null;
}

export function writeRange(ms: number): string {
  const known = RANGES.find((range) => range.ms === ms);
  if (known !== undefined) return known.code;
  const whole = Math.round(ms / 1000) * 1000;
  const [unit, size] = Object.entries(UNITS).find(([, size]) => whole % size === 0) ?? ["s", 1000];
  return `${whole / size}${unit}`;
}

/** `cpu.user`, `disk.read/nvme0n1`, `more/load`: of ours no word that a page would never write; a device may have any name. */
const COLUMN = /^[a-z]\w*\.\w+(\/.+)?$/s;
const TRACK = /^[a-z]\w*(\/.+)?$/s;
/** More than any page has. */
const MOST_NAMES = 64;

// a name may hold the comma that parts names
const names = (text: string | null, allowed: RegExp): string[] =>
  (text ?? "")
    .split(",", MOST_NAMES)
    .map((name) => name.replaceAll("%2C", ",").replaceAll("%25", "%"))
    .filter((name) => allowed.test(name));
const listed = (found: readonly string[]): string =>
  found.map((name) => encodeURIComponent(name.replaceAll("%", "%25").replaceAll(",", "%2C")).replaceAll("%2F", "/")).join(",");

function instant(text: string | null): number | null {
  if (text === null || text === "") return null;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

/** Read a view from path and query; what makes no sense is as if it were not there. */
export function readAddress(path: string, query: string): Address {
  const parameters = new URLSearchParams(query);
  const host = /^\/h\/([^/]+)(\/|$)/.exec(path)?.[1] ?? "";
  const rangeMs = readRange(parameters.get("range") ?? "") ?? DEFAULT_RANGE_MS;
  const fromMs = instant(parameters.get("from"));
  const toMs = instant(parameters.get("to"));
  const sane = fromMs !== null && toMs !== null && toMs > fromMs && toMs - fromMs <= MOST_RANGE_MS;
  const atMs = instant(parameters.get("at"));
  const window = sane ? { fromMs, toMs } : atMs === null ? null : { fromMs: atMs - rangeMs / 2, toMs: atMs + rangeMs / 2 };
  const only = names(parameters.get("only"), COLUMN);
  const expanded = names(parameters.get("expanded"), TRACK)[0] ?? null;
  const tables = names(parameters.get("tables"), TRACK);
  const opened = new Set(names(parameters.get("open"), TRACK));
  const open = GROUPS.filter((group) => opened.has(group));
  let decoded = host;
  try {
    decoded = decodeURIComponent(host);
  } catch {
    // a broken escape is a name that no host has; the page then says that it has no data
  }
  const alone = !sane && atMs !== null;
  return { host: decoded, rangeMs, window, ...(alone ? { alone } : {}), atMs, only, expanded, tables, open };
}

/** An instant as it stands in the address: UTC to the second, which a person can read. */
export const written = (ms: number): string => new Date(Math.round(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");

/** What a view says in the address; everything else there belongs to its page. */
const OWN = ["range", "from", "to", "at", "only", "expanded", "tables", "open"];

/** Whether a page at this path shows the recorder's view. */
export const showsView = (path: string): boolean => path === "/" || path === "/explore" || path.startsWith("/h/");

/**
 * The address of a view; reading it back gives the same view, to the second. Where it is written over an address, the page
 * and what the page keeps of itself there stay.
 */
export function writeAddress(view: Address, path = "/", query = ""): string {
  const parts: string[] = [];
  parts.push(`range=${writeRange(view.rangeMs)}`);
  if (view.window !== null) parts.push(`from=${written(view.window.fromMs)}`, `to=${written(view.window.toMs)}`);
  if (view.atMs !== null) parts.push(`at=${written(view.atMs)}`);
  if (view.only.length > 0) parts.push(`only=${listed(view.only)}`);
  if (view.expanded !== null) parts.push(`expanded=${listed([view.expanded])}`);
  if (view.tables.length > 0) parts.push(`tables=${listed(view.tables)}`);
  if (view.open.length > 0) parts.push(`open=${view.open.join(",")}`);
  const others = new URLSearchParams(query);
  for (const name of OWN) others.delete(name);
  // a colon needs no escape in a query, and times are easier to read with theirs
  if (others.size > 0) parts.push(others.toString().replaceAll("%3A", ":"));
  const page = /^\/h\/[^/]+(\/[^?]+)$/.exec(path)?.[1] ?? "";
  const place = path === "/explore" ? path : `/h/${encodeURIComponent(view.host)}${page}`;
  return `${place}${parts.length > 0 ? `?${parts.join("&")}` : ""}`;
}
