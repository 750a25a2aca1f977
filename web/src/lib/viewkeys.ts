// What keys do to the recorder's view, on every page that shows it.

import type { Offer } from "./actions";
import type { Recorder } from "./recorder.svelte";
import { DEFAULT_RANGE_MS } from "./steps";

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
    open: () => {
      if (recorder.pointerMs !== null) recorder.holdSecond(recorder.pointerMs);
    },
  };
}
