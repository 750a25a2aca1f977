// The address holds the view: host, range, held window, held second, isolated series. Reading and writing are pure.

import { DEFAULT_RANGE_MS, RANGES } from "./steps";

export interface Address {
  /** "" on `/`: the one host there is. */
  host: string;
  rangeMs: number;
  /** The held window; null while live. */
  window: { fromMs: number; toMs: number } | null;
  /** The held second. */
  atMs: number | null;
  /** Columns that are drawn alone; empty: all. */
  only: readonly string[];
}

const MOST_RANGE_MS = 366 * 86_400_000;

function instant(text: string | null): number | null {
  if (text === null || text === "") return null;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

/** Read a view from path and query; what makes no sense is as if it were not there. */
export function readAddress(path: string, query: string): Address {
  const parameters = new URLSearchParams(query);
  const host = /^\/h\/([^/]+)(\/|$)/.exec(path)?.[1] ?? "";
  const rangeMs = RANGES.find((range) => range.code === parameters.get("range"))?.ms ?? DEFAULT_RANGE_MS;
  const fromMs = instant(parameters.get("from"));
  const toMs = instant(parameters.get("to"));
  const sane = fromMs !== null && toMs !== null && toMs > fromMs && toMs - fromMs <= MOST_RANGE_MS;
  const atMs = instant(parameters.get("at"));
  const window = sane ? { fromMs, toMs } : atMs === null ? null : { fromMs: atMs - rangeMs / 2, toMs: atMs + rangeMs / 2 };
  const only = (parameters.get("only") ?? "").split(",").filter((name) => /^[a-z]+\.[a-z]+$/.test(name));
  let decoded = host;
  try {
    decoded = decodeURIComponent(host);
  } catch {
    // a broken escape is a name that no host has; the page then says that it has no data
  }
  return { host: decoded, rangeMs, window, atMs, only };
}

// Instants stand in the address as UTC to the second, which a person can read.
const written = (ms: number): string => new Date(Math.round(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");

/** What a view says in the address; everything else there belongs to its page. */
const OWN = ["range", "from", "to", "at", "only"];

/** Whether a page at this path shows the recorder's view. */
export const showsView = (path: string): boolean => path === "/" || path === "/explore" || path.startsWith("/h/");

/**
 * The address of a view; reading it back gives the same view, to the second. Where it is written over an address, the page
 * and what the page keeps of itself there stay.
 */
export function writeAddress(view: Address, path = "/", query = ""): string {
  const parts: string[] = [];
  const code = RANGES.find((range) => range.ms === view.rangeMs)?.code;
  if (code !== undefined) parts.push(`range=${code}`);
  if (view.window !== null) parts.push(`from=${written(view.window.fromMs)}`, `to=${written(view.window.toMs)}`);
  if (view.atMs !== null) parts.push(`at=${written(view.atMs)}`);
  if (view.only.length > 0) parts.push(`only=${view.only.join(",")}`);
  const others = new URLSearchParams(query);
  for (const name of OWN) others.delete(name);
  // a colon needs no escape in a query, and times are easier to read with theirs
  if (others.size > 0) parts.push(others.toString().replaceAll("%3A", ":"));
  const page = /^\/h\/[^/]+(\/[^?]+)$/.exec(path)?.[1] ?? "";
  const place = path === "/explore" ? path : `/h/${encodeURIComponent(view.host)}${page}`;
  return `${place}${parts.length > 0 ? `?${parts.join("&")}` : ""}`;
}
