// What is laid over the tracks: alerts that were pending or fired, and limits. The list is the recorder's (`regions`);
// whoever knows of alerts sets it. Which tint and which edges a region has on a track is decided here. Pure.

export type Severity = "critical" | "warning" | "info";

export interface Region {
  id: string;
  /** The track that caused it: full tint, edges, the label, the limit. */
  cause: string;
  /** The other tracks that it touches: a paler tint. */
  touches: readonly string[];
  fromMs: number;
  /** Null while it lasts. */
  toMs: number | null;
  state: "pending" | "firing" | "resolved";
  severity: Severity;
  /** "I/O pressure high" */
  label: string;
  /** The limit, in base units of the track's axis. */
  limit?: number;
  /** The column that it is a limit of, where a track has several scales. */
  column?: string;
  /** Where its page is. */
  href?: string;
}

/** What a chart paints of a region. */
export interface Shade {
  fromMs: number;
  toMs: number;
  /** `crit-fill`, `warn-fill`, `info`: the token of its colour. */
  color: string;
  opacity: number;
  /** Edges in CSS pixels, 0 for none. */
  startPx: number;
  endPx: number;
}

export interface Limit {
  value: number;
  column: string | null;
  color: string;
}

const COLORS: Record<Severity, string> = { critical: "crit-fill", warning: "warn-fill", info: "info" };
const OWN = 0.1;
const TOUCHED = 0.06;

/** The shades of a track in a window. */
export function shadesOf(regions: readonly Region[], track: string, window: { fromMs: number; toMs: number }): Shade[] {
  const seen = regions.filter((region) => region.fromMs <= window.toMs && (region.toMs ?? Infinity) >= window.fromMs);
  return seen
    .filter((region) => region.cause === track || region.touches.includes(track))
    .map((region) => {
      const own = region.cause === track;
      const edged = own && region.state !== "pending";
      return {
        fromMs: region.fromMs,
        toMs: region.toMs ?? window.toMs,
        color: COLORS[region.severity],
        opacity: own ? OWN : TOUCHED,
        startPx: edged ? 1.5 : 0,
        endPx: edged && region.toMs !== null ? 1 : 0,
      };
    });
}

/** The limits that a track shows: those of the regions in view that it caused, each once. */
export function limitsOf(regions: readonly Region[], track: string, window: { fromMs: number; toMs: number }): Limit[] {
  const found = new Map<string, Limit>();
  for (const region of regions) {
    if (region.cause !== track || region.limit === undefined) continue;
    if (region.fromMs > window.toMs || (region.toMs ?? Infinity) < window.fromMs) continue;
    const column = region.column ?? null;
    found.set(`${column} ${region.limit}`, { value: region.limit, column, color: COLORS[region.severity] });
  }
  return [...found.values()];
}

export const severityToken = (severity: Severity): string => COLORS[severity];

/** `14:02:56 to 14:06:22, resolved`; what lasts has no end. */
export function spanWords(region: Region, at: (ms: number) => string): string {
  if (region.toMs === null) return `since ${at(region.fromMs)}, ${region.state}`;
  return `${at(region.fromMs)} to ${at(region.toMs)}, ${region.state}`;
}

export interface Told {
  region: Region;
  leftPx: number;
  /** Which line of labels it stands in. */
  lane: number;
}

const LABEL_PX = 190;
const MOST_LANES = 3;

/**
 * Where the labels of a track's own regions stand: after the region where there is room, else at its start, each in the first
 * lane that is free there. One that was pending and fired is told once; what finds no lane is in the table of alerts.
 */
export function labelsOf(regions: readonly Region[], track: string, window: { fromMs: number; toMs: number }, plotPx: number): Told[] {
  const seen = regions.filter((region) => region.cause === track && region.fromMs <= window.toMs && (region.toMs ?? Infinity) >= window.fromMs);
  const fired = new Set(seen.filter((region) => region.state !== "pending").map((region) => region.href ?? region.id));
  const told = seen.filter((region) => region.state !== "pending" || !fired.has(region.href ?? region.id));
  const px = (ms: number) => ((ms - window.fromMs) / (window.toMs - window.fromMs)) * plotPx;
  const placed = told.map((region) => {
    const endPx = px(Math.min(region.toMs ?? window.toMs, window.toMs));
    const startPx = px(Math.max(region.fromMs, window.fromMs));
    return { region, leftPx: plotPx - endPx > LABEL_PX ? endPx + 6 : Math.max(4, Math.min(startPx + 6, plotPx - LABEL_PX)) };
  });
  const free: number[] = [];
  const found: Told[] = [];
  for (const one of placed.sort((a, b) => a.leftPx - b.leftPx)) {
    const lane = [0, 1, 2].find((at) => (free[at] ?? -Infinity) <= one.leftPx);
    if (lane === undefined || lane >= MOST_LANES) continue;
    free[lane] = one.leftPx + LABEL_PX;
    found.push({ ...one, lane });
  }
  return found;
}
