// The heat map of cores: which row is what, and which colour a value has. Pure.

/** The sequential ramp's tokens, from idle to busy. */
export const RAMP = ["seq-1", "seq-2", "seq-3", "seq-4", "seq-5", "seq-6", "seq-7"] as const;

const MOST_ROWS = 32;
const GROUP = 8;
/** Idle sinks into the surface. */
const POWER = 1.08;
const LEVELS = 256;

export interface HeatRow {
  /** `5`, or `8 to 15` of a group. */
  name: string;
  columns: readonly string[];
}

/** The rows of the cores there are: one a core up to 32, then groups of 8, of which the busiest counts. */
export function heatRows(columns: readonly string[]): HeatRow[] {
  const cores = columns.map((column) => Number(column.slice("core.".length))).sort((a, b) => a - b);
  if (cores.length <= MOST_ROWS) return cores.map((core) => ({ name: String(core), columns: [`core.${core}`] }));
  const rows: HeatRow[] = [];
  for (let i = 0; i < cores.length; i += GROUP) {
    const group = cores.slice(i, i + GROUP);
    rows.push({ name: `${group[0]} to ${group.at(-1)}`, columns: group.map((core) => `core.${core}`) });
  }
  return rows;
}

/** What the name of the heat map adds: what its rows are where they are no cores. */
export const rowsWords = (columns: readonly string[]): string => (columns.length > MOST_ROWS ? `groups of ${GROUP}` : "");

/** `#1D3557` as three bytes. */
export function bytesOf(color: string): [number, number, number] {
  const value = Number.parseInt(color.replace("#", ""), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** The ramp in so many steps, three bytes each, for values from 0 to 100 %. */
export function rampTable(colors: readonly string[]): Uint8ClampedArray {
  const stops = colors.map(bytesOf);
  const table = new Uint8ClampedArray(LEVELS * 3);
  for (let level = 0; level < LEVELS; level++) {
    const at = (level / (LEVELS - 1)) ** POWER * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(at));
    for (let channel = 0; channel < 3; channel++) {
      const from = stops[below]?.[channel] ?? 0;
      const to = stops[below + 1]?.[channel] ?? 0;
      table[level * 3 + channel] = from + (to - from) * (at - below);
    }
  }
  return table;
}

/** The place in the table of a percentage. */
export const levelOf = (percent: number): number => Math.round((Math.min(100, Math.max(0, percent)) / 100) * (LEVELS - 1));

/** What the legend says of one instant: the busiest row, the median, and what lies between the least and the most. */
export function coreFigures(values: readonly { name: string; value: number }[]): { busiest: string; most: number; median: number; spread: number } | null {
  const present = values.filter((row) => !Number.isNaN(row.value));
  const sorted = present.map((row) => row.value).sort((a, b) => a - b);
  const most = sorted.at(-1);
  if (most === undefined) return null;
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2;
  return { busiest: present.find((row) => row.value === most)?.name ?? "", most, median, spread: most - (sorted[0] as number) };
}
