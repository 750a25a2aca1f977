// What keys do to the recorder's view, on every page that shows it.

import type { Offer } from "./actions";
import type { Recorder } from "./recorder.svelte";
import { DEFAULT_RANGE_MS } from "./steps";

/** The tracks of keys 1 to 6, as the tiles stand; a page that has more to show there offers its own. */
const NUMBERED = ["cpu", "memory", "pressure", "disk", "space", "network"];

const onTrack = (): boolean => document.activeElement?.closest("figure[data-track]") != null;

export function viewActions(recorder: Recorder): Offer {
  return {
    live: () => recorder.toggleLive(),
    now: () => recorder.backToLive(DEFAULT_RANGE_MS),
    left: () => recorder.pointBy(-1),
    right: () => recorder.pointBy(1),
    "further-left": () => recorder.move(-0.5),
    "further-right": () => recorder.move(0.5),
    "zoom-in": () => recorder.zoomBy(0.5),
    "zoom-out": () => recorder.zoomBy(2),
    back: () => recorder.letGo(),
    track: (key) => recorder.display.focus(NUMBERED[Number(key) - 1] ?? ""),
    next: () => recorder.display.step(1),
    previous: () => recorder.display.step(-1),
    sort: () => recorder.display.toggleSort(),
    table: () => recorder.display.toggleTable(),
    dashes: () => recorder.display.toggleDashes(),
    // with the focus on a track it is the track that opens; else the second under the pointer is held
    open: () => {
      if (onTrack()) recorder.display.toggleExpanded();
      else if (recorder.pointerMs !== null) recorder.holdSecond(recorder.pointerMs);
    },
  };
}
