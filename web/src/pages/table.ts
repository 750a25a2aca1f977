// Every page of Barograph, in one literal table: its addresses, its name, what loads it. A page is one file beside this and
// one line here; rail, tab bar, keys, palette, title and the tests of all pages follow. The server has the same addresses in
// src/barograph/web/routes.py. The first page that fits an address is shown.

import type { Component } from "svelte";
import type { Recorder } from "../lib/recorder.svelte";

export interface PageProps {
  recorder: Recorder;
  /** What stands for the names of the address: `{ host: "atlas" }`. */
  parameters: Readonly<Record<string, string>>;
}

export interface PageEntry {
  name: "overview" | "processes" | "alerts" | "explore" | "settings";
  /** Its name on the rail and in the title. */
  word: string;
  /** The addresses it answers; the first is where its link goes. */
  at: readonly string[];
  /** Pressed after G. */
  letter: string;
  /** Whether the top bar shows range and live: it looks at the recorder's view. */
  view: boolean;
  /** Whether it shows tracks in that view, and the top bar says how finely: other charts say it themselves. */
  tracks?: boolean;
  /** On the rail it stands above (pages) or below (what is about Barograph itself). */
  below?: boolean;
  load: () => Promise<{ default: Component<PageProps> }>;
}

export const PAGES: readonly PageEntry[] = [
  { name: "overview", word: "Overview", at: ["/h/{host}", "/"], letter: "o", view: true, tracks: true, load: () => import("./Overview.svelte") },
  { name: "processes", word: "Processes", at: ["/h/{host}/processes"], letter: "p", view: true, tracks: true, load: () => import("./Processes.svelte") },
  { name: "alerts", word: "Alerts", at: ["/alerts", "/alerts/{id}"], letter: "a", view: false, load: () => import("./Alerts.svelte") },
  { name: "explore", word: "Explore", at: ["/explore"], letter: "e", view: true, load: () => import("./Explore.svelte") },
  { name: "settings", word: "Settings", at: ["/settings", "/settings/{part}"], letter: "s", view: false, below: true, load: () => import("./Settings.svelte") },
];
