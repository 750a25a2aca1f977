// What was frozen with an alert: three tables of one instant, of which the one is shown that tells most. Pure.

import type { WhoTable } from "./flightlog";
import { changeOf, nameOf, sentence, suspectOf } from "./suspect";

const ORDER = ["io", "cpu", "memory"];

/** The measure in which somebody changed most; CPU where nobody did. */
export function frozenBy(tables: Readonly<Record<string, WhoTable>>): string {
  let best = { by: "cpu" in tables ? "cpu" : (Object.keys(tables)[0] ?? "cpu"), score: 0 };
  for (const by of ORDER) {
    const table = tables[by];
    const found = table === undefined ? null : suspectOf(table);
    if (table === undefined || found === null) continue;
    const change = changeOf(found.row, table.against);
    const kind = change?.kind === "wait" ? "io" : change?.kind;
    if (change !== null && kind === by && change.score > best.score) best = { by, score: change.score };
  }
  return best.by;
}

/** The suspect's part of an alert's sentence: `When it fired: restic reads ...`; null where nobody stands out. */
export function suspectText(tables: Readonly<Record<string, WhoTable>> | null, say: (seconds: number) => string): string | null {
  if (tables === null) return null;
  const table = tables[frozenBy(tables)];
  const found = table === undefined ? null : suspectOf(table);
  if (table === undefined || found === null || found.change.score < 0) return null;
  const does = sentence(table, "process", say).rest.split(". ")[0] ?? "";
  return `When it fired: ${nameOf(found.row, "process")} ${does.replace(/[.]$/, "")}.`;
}
