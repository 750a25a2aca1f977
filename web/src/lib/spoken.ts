// The figures of the second shown, in one sentence, for the polite live region.

import { NO_DATA } from "./numbers";
import { instant } from "./times";
import { TRACKS } from "./tracks";
import type { Recorder } from "./recorder.svelte";

/** `14:03:22. CPU user 12.9, system 11.1 %. Memory ...` */
export function figuresAt(recorder: Recorder, zone: string): string {
  const ms = recorder.shownMs;
  if (ms === null) return "";
  const said = TRACKS.map((track) => {
    const values = track.series.map((series) => recorder.value(series.column));
    if (values.every(Number.isNaN)) return `${track.name} ${NO_DATA}`;
    const unit = track.unit(Math.max(...values.filter((value) => !Number.isNaN(value))));
    const names = track.series.map((series, index) => `${series.name.split(",")[0]} ${track.write((values[index] ?? NaN) / unit.factor)}`);
    return `${track.name} ${names.join(", ")} ${unit.name}`;
  });
  return `${instant(ms, recorder.viewRangeMs, zone)}. ${said.join(". ")}.`;
}
