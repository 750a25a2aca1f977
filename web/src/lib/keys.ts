// The keys of the Overview. They never fire while typing, nor with a modifier that belongs to the browser.

import type { Recorder } from "./recorder.svelte";
import { DEFAULT_RANGE_MS } from "./steps";
import { theme } from "./theme.svelte";

export interface Key {
  keys: string;
  does: string;
}

export const KEYS: readonly Key[] = [
  { keys: "Space", does: "live or hold" },
  { keys: "← →", does: "pointer by one bucket" },
  { keys: "Shift ← →", does: "move by half a window" },
  { keys: "+ −", does: "zoom" },
  { keys: "0", does: "back to live, 15 min" },
  { keys: "Enter", does: "hold the second under the pointer" },
  { keys: "Esc", does: "one step back" },
  { keys: "T", does: "theme" },
  { keys: "?", does: "this list" },
];

const ACTIONS: Record<string, (recorder: Recorder, event: KeyboardEvent) => void> = {
  " ": (recorder) => recorder.toggleLive(),
  "0": (recorder) => recorder.backToLive(DEFAULT_RANGE_MS),
  ArrowLeft: (recorder, event) => sideways(recorder, event, -1),
  ArrowRight: (recorder, event) => sideways(recorder, event, 1),
  "+": (recorder) => recorder.zoomBy(0.5),
  "=": (recorder) => recorder.zoomBy(0.5),
  "-": (recorder) => recorder.zoomBy(2),
  Escape: (recorder) => recorder.letGo(),
  t: () => theme.next(),
  T: () => theme.next(),
  "?": (recorder) => (recorder.keysShown = !recorder.keysShown),
};

function sideways(recorder: Recorder, event: KeyboardEvent, direction: number): void {
  if (event.shiftKey) recorder.move(direction / 2);
  else recorder.pointBy(direction);
}

const TYPING = "input, textarea, select, [contenteditable]";
const PRESSED = "button, a, summary";

/** Handle a key of the whole page. */
export function onKey(event: KeyboardEvent, recorder: Recorder): void {
  const target = event.target as Element | null;
  if (event.ctrlKey || event.metaKey || event.altKey || target?.closest(TYPING)) return;
  // Space and Enter press what has the focus
  if ((event.key === " " || event.key === "Enter") && target?.closest(PRESSED)) return;
  if (event.key === "Enter") {
    if (recorder.pointerMs === null) return;
    recorder.holdSecond(recorder.pointerMs);
    return;
  }
  const action = ACTIONS[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action(recorder, event);
}
