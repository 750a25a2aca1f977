// The figures of the second shown, in one sentence, for the polite live region: of the track that has the focus, else of all.

import { legendOf } from "./legend";
import { NO_DATA } from "./numbers";
import { heatRows } from "./heat";
import type { Recorder } from "./recorder.svelte";
import { instant } from "./times";
import type { Track } from "./tracks";

function said(recorder: Recorder, track: Track): string {
  const values = track.series.map((series) => recorder.value(series.column)).filter((value) => !Number.isNaN(value));
  const cores = track.kind === "heat" ? heatRows(recorder.columns.under("core.")) : [];
  if (values.length === 0 && cores.length === 0) return `${track.name} ${NO_DATA}`;
  const unit = track.unit(Math.max(track.minimum ?? 0, ...values));
  const entries = legendOf(track, { value: (column) => recorder.value(column), factor: unit.factor, sorted: recorder.display.sorted, cores });
  const drawn = track.kind === "heat" ? entries : entries.slice(0, track.series.length);
  return `${track.name} ${drawn.map((entry) => `${entry.name.replace(/, (up|down)$/, "")} ${entry.text}`).join(", ")} ${unit.name}`;
}

/** `14:03:22. CPU user 12.9, system 11.1 %. Memory ...` */
export function figuresAt(recorder: Recorder, zone: string, focused: string | null): string {
  const ms = recorder.shownMs;
  if (ms === null) return "";
  const tracks = recorder.list.tracks.filter((track) => focused === null || track.id === focused);
  return `${instant(ms, recorder.viewRangeMs, zone)}. ${tracks.map((track) => said(recorder, track)).join(". ")}.`;
}
