// The columns of the table of processes, and its order. Pure.

import { changeOf, isGone, nameOf } from "./suspect";
import type { GroupBy, WhoRow, WhoTable } from "./flightlog";

export type ColumnCode = "name" | "unit" | "user" | "cpu" | "memory" | "read" | "write" | "wait" | "threads" | "since" | "change";

export interface Sort {
  column: ColumnCode;
  /** Whether the greatest, or the last of the alphabet, comes first. */
  falling: boolean;
}

export const DEFAULT_SORT: Sort = { column: "change", falling: true };

const TEXTS: readonly ColumnCode[] = ["name", "unit", "user"];

/** Who rose stands before who fell as much, and before who is gone: more is done by who is there. */
const weight = (row: WhoRow, score: number): number => (score > 0 ? score : Math.abs(score) * (isGone(row) ? 0.1 : 0.5));

const VALUES: Record<ColumnCode, (row: WhoRow, group: GroupBy, against: number | null) => string | number | null> = {
  name: (row, group) => nameOf(row, group).toLowerCase(),
  unit: (row) => (row.unit || row.container).toLowerCase(),
  user: (row) => row.user.toLowerCase(),
  cpu: (row) => row.cpu,
  memory: (row) => row.rss,
  read: (row) => row.read,
  write: (row) => row.write,
  wait: (row) => row.iowait,
  threads: (row) => row.threads,
  since: (row) => row.start,
  change: (row, _, against) => weight(row, changeOf(row, against)?.score ?? 0),
};

/** `-cpu` in an address: falling; anything unknown is the default. */
export function sortOf(code: string | null): Sort {
  const column = (code ?? "").replace(/^-/, "");
  return column in VALUES ? { column: column as ColumnCode, falling: (code ?? "").startsWith("-") } : DEFAULT_SORT;
}

export const sortCode = (sort: Sort): string => `${sort.falling ? "-" : ""}${sort.column}`;

/** What a press on a column's head does: the other direction, or the column as it is read best. */
export function pressed(sort: Sort, column: ColumnCode): Sort {
  if (sort.column === column) return { column, falling: !sort.falling };
  return { column, falling: !TEXTS.includes(column) };
}

/** The rows in order; those that are not known stand last either way, ended ones behind those that live. */
export function sorted(table: WhoTable, group: GroupBy, sort: Sort): WhoRow[] {
  const value = (row: WhoRow) => VALUES[sort.column](row, group, table.against);
  const sign = sort.falling ? -1 : 1;
  return table.rows
    .map((row) => ({ row, value: value(row), gone: isGone(row) }))
    .sort((a, b) => {
      if (a.gone !== b.gone && sort.column !== "change") return a.gone ? 1 : -1;
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      if (a.value !== b.value) return a.value < b.value ? -sign : sign;
      // what is equal stays in one order, so that nothing jumps
      return Number(a.gone) - Number(b.gone) || (b.row.cpu ?? 0) - (a.row.cpu ?? 0) || (a.row.pid ?? 0) - (b.row.pid ?? 0);
    })
    .map(({ row }) => row);
}

/** A row by what it stands for: the same while it lives. */
export function rowKey(row: WhoRow, group: GroupBy): string {
  if (group === "process") return `${row.pid}-${row.start}`;
  return `${group}:${group === "unit" ? row.unit : group === "container" ? row.container : row.user}`;
}

/** What its command says beyond the program. */
export const argumentsOf = (row: { cmd: string }): string => row.cmd.split(" ").slice(1).join(" ");

/** Where it belongs: its unit, its container, or the kernel. */
export function placeOf(row: WhoRow): string {
  if (row.container !== "") return `container ${row.container.slice(0, 12)}`;
  if (row.unit !== "") return row.unit;
  // threads of the kernel have neither arguments nor memory; nor have zombies
  return row.count === 1 && row.cmd === "" && row.rss === 0 && row.state !== "Z" && row.state !== "" ? "kernel" : "";
}

/** Whether a process belongs to the group that was opened, by the group's key. */
export const isWithin = (row: WhoRow, key: string): boolean =>
  (["unit", "container", "user"] as const).some((group) => rowKey(row, group) === key);
