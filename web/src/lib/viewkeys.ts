// What keys do to the recorder's view, on every page that has it, and to its tracks, where they are shown.

import type { Offer } from "./actions";
import type { Recorder } from "./recorder.svelte";
import { DEFAULT_RANGE_MS } from "./steps";

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
  };
}

export function trackActions(recorder: Recorder): Offer {
  return {
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
