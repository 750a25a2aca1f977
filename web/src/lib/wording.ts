// What can be written in a query, from the server: metrics with type and help, functions, labels and their values. Each list
// is asked for once and kept for a while; raises nothing: without a list there is nothing to complete, and typing goes on.

import { ask } from "./api";
import type { Option, Place } from "./complete";

const KEPT_MS = 60_000;

const lists = new Map<string, { atMs: number; options: Promise<Option[]> }>();

function once(key: string, read: () => Promise<Option[]>): Promise<Option[]> {
  const known = lists.get(key);
  if (known !== undefined && performance.now() - known.atMs < KEPT_MS) return known.options;
  const options = read().catch(() => {
    lists.delete(key);
    return [];
  });
  lists.set(key, { atMs: performance.now(), options });
  return options;
}

const get = <T>(path: string): Promise<T> => ask<T>(path, { method: "GET" });
const plain = (text: string): Option => ({ text, help: "", note: "", called: false });

interface Family {
  type: string;
  help: string;
  unit: string;
}

async function names(): Promise<Option[]> {
  const [stored, families, words] = await Promise.all([
    get<string[]>("/api/v1/label/__name__/values"),
    get<Record<string, Family[]>>("/api/v1/metadata"),
    get<{ name: string; call: string; words: string }[]>("/api/barograph/v1/functions"),
  ]);
  const family = (name: string) => (families[name] ?? families[name.replace(/_(bucket|sum|count|total)$/, "")])?.[0];
  const metrics = stored.map((text) => {
    const found = family(text);
    const note = [found?.type ?? "", found?.unit || unitOf(text)].filter((part) => part !== "").join(", ");
    return { text, help: found?.help ?? "", note, called: false };
  });
  return [...metrics, ...words.map((word) => ({ text: word.name, help: word.words, note: word.call, called: true }))];
}

const UNITS = ["seconds", "bytes", "ratio", "celsius", "volts", "amperes", "joules", "hertz", "meters", "grams"];

/** The unit that a name ends with, as the field writes names. */
export function unitOf(name: string): string {
  return UNITS.find((unit) => name.replace(/_total$/, "").endsWith(`_${unit}`)) ?? "";
}

/** What fits a place, unsorted. */
export function optionsFor(place: Place): Promise<Option[]> {
  if (place.kind === "name") return once("names", names);
  const match = place.metric === "" ? "" : `?match[]=${encodeURIComponent(place.metric)}`;
  if (place.kind === "label") return once(`labels ${place.metric}`, async () => (await get<string[]>(`/api/v1/labels${match}`)).filter((name) => name !== "__name__").map(plain));
  const path = `/api/v1/label/${encodeURIComponent(place.label)}/values${match}`;
  return once(`values ${place.label} ${place.metric}`, async () => (await get<string[]>(path)).map(plain));
}
