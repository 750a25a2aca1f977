// The index of the search field: what can be found now. Held in the page; asked for when the field is opened, and what is
// slow to come joins when it comes.

import { type ActionName, act, isOffered } from "./actions";
import type { Alert } from "./alerts";
import { ask } from "./api";
import { processCode } from "./flightlog";
import { processesAt } from "./host";
import { KEYS } from "./keys";
import { MOST_PARTS } from "./listing";
import type { Entry } from "./palette";
import type { Recorder } from "./recorder.svelte";
import { leaving } from "./session.svelte";
import { shell } from "./shell.svelte";
import { RANGES } from "./steps";
import { theme } from "./theme.svelte";
import type { Track } from "./tracks";
import { PAGES } from "../pages/table";

const UNLISTED: readonly ActionName[] = ["search", "page", "left", "right", "next", "previous", "open", "back", "track", "select"];

/** So often it is looked whether a track is there, and so many times: for a minute. */
const TRY_MS = 50;
const MOST_TRIES = 1200;

const hostEntry = (name: string): Entry => ({ group: "Hosts", text: name, note: "Overview", to: `/h/${encodeURIComponent(name)}` });

export class Index {
  private hosts = $state.raw<readonly Entry[]>([]);
  private processes = $state.raw<readonly Entry[]>([]);
  private alerts = $state.raw<readonly Entry[]>([]);

  readonly entries = $derived.by<readonly Entry[]>(() => [...this.known(), ...this.tracks(), ...this.alerts, ...this.actions(), ...this.processes]);

  constructor(
    private readonly recorder: Recorder,
    private readonly addressOf: (template: string) => string,
  ) {}

  /** Ask what there is now. A part that does not come is left out: search is no place for its failure. */
  async refresh(): Promise<void> {
    // a page without tracks has not asked what the machine has
    const { machine } = this.recorder.list;
    const machineRead = machine.known || this.recorder.host === "" ? null : machine.look(this.recorder.host);
    await Promise.allSettled([machineRead, this.readHosts(), this.readProcesses(), this.readAlerts()]);
  }

  // this one needs no answer
  private known(): readonly Entry[] {
    const { host } = this.recorder;
    return this.hosts.length > 0 || host === "" ? this.hosts : [hostEntry(host)];
  }

  private async readHosts(): Promise<void> {
    const selector = encodeURIComponent('{job="node"}');
    const names = await ask<string[]>(`/api/v1/label/instance/values?match[]=${selector}`, { method: "GET" });
    this.hosts = names.map(hostEntry);
  }

  private async readProcesses(): Promise<void> {
    const host = this.recorder.host;
    if (host === "") return;
    const table = await processesAt(this.recorder.newestMs || Date.now());
    const place = `/h/${encodeURIComponent(host)}/processes`;
    this.processes = (table?.rows ?? [])
      .filter((row) => row.pid !== null && row.start !== null)
      .map((row) => ({
        group: "Processes",
        text: row.name,
        note: row.cmd.slice(0, 120) || `pid ${row.pid}`,
        to: `${place}?pid=${processCode({ pid: row.pid ?? 0, start: row.start ?? 0 })}`,
      }));
  }

  private async readAlerts(): Promise<void> {
    const listed = await ask<{ alerts: Alert[] }>("/api/barograph/v1/alerts", { method: "GET" });
    this.alerts = listed.alerts.flatMap(({ id, title, severity, part }): Entry[] => {
      const found: Entry[] = [{ group: "Alerts", text: title, note: severity, to: `/alerts/${id}` }];
      // a form each, where the reason is asked for and what it would do is shown
      if (part === "needs") found.push({ group: "Actions", text: `Acknowledge ${title}`, note: "alert", to: `/alerts/${id}` });
      if (part !== "silenced") found.push({ group: "Actions", text: `Silence ${title} for 2\u00a0h`, note: "alert", to: `/alerts/silences?alert=${id}` });
      return found;
    });
  }

  private tracks(): Entry[] {
    const show = (id: string) => () => {
      if (shell.place?.page.name !== "overview") shell.go(this.addressOf("/h/{host}"));
      const moves = shell.moves;
      // the page may have to come first; whoever goes elsewhere meanwhile waits for it no longer
      const focus = (tries: number) => {
        if (document.querySelector(`figure[data-track="${CSS.escape(id)}"]`) !== null) this.recorder.display.focus(id);
        else if (tries > 0 && shell.moves === moves) setTimeout(() => focus(tries - 1), TRY_MS);
      };
      focus(MOST_TRIES);
    };
    const { list, display } = this.recorder;
    const entry = (track: Track, to: () => void): Entry => ({ group: "Tracks", text: track.name, note: track.series.map((one) => one.name).join(", "), to });
    return [
      ...list.tracks.map((track) => entry(track, show(track.id))),
      // what is in a closed group is there too: the group opens first
      ...list.hidden.map(({ track, group }) =>
        entry(track, () => {
          display.reveal(group, list.sizeOf(group) > MOST_PARTS);
          show(track.id)();
        }),
      ),
    ];
  }

  private actions(): Entry[] {
    const pages = PAGES.map((page) => ({ text: page.word, note: "page", to: this.addressOf(page.at[0] ?? "/") }));
    const themes = (["dark", "light", "system"] as const).map((choice) => ({ text: `Theme: ${choice}`, to: () => theme.choose(choice) }));
    const ranges = RANGES.map((range) => ({ text: `Range: ${range.text}`, to: () => this.recorder.setRange(range.ms) }));
    const keys = KEYS.filter((key) => !UNLISTED.includes(key.action) && isOffered(key.action)).map((key) => ({
      text: key.does.charAt(0).toUpperCase() + key.does.slice(1),
      note: key.keys,
      to: () => void act(key.action),
    }));
    const others = [...pages, ...themes, ...(shell.place?.page.view === true ? ranges : []), ...keys, { text: "Sign out", to: () => void leaving.leave() }];
    return others.map((one) => ({ group: "Actions", ...one }));
  }
}
