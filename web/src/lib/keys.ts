// The one map of keys, and how a press becomes an action. Keys never fire while typing, nor with a modifier that belongs to
// the browser, and can be turned off. The list that `?` opens is made from this map.

import { type ActionName, act, isOffered } from "./actions";
import { kept } from "./kept";

export interface Key {
  /** What a person presses, as the list writes it. */
  keys: string;
  /** `KeyboardEvent.key`, lower case; "shift+" before it where that tells two actions apart. */
  on: readonly string[];
  action: ActionName;
  does: string;
}

export const KEYS: readonly Key[] = [
  { keys: "Ctrl K  /", on: ["/"], action: "search", does: "search" },
  { keys: "Space", on: [" "], action: "live", does: "live or hold" },
  { keys: "←", on: ["arrowleft"], action: "left", does: "pointer back by one bucket" },
  { keys: "→", on: ["arrowright"], action: "right", does: "pointer on by one bucket" },
  { keys: "Shift ←", on: ["shift+arrowleft"], action: "further-left", does: "back by half a window" },
  { keys: "Shift →", on: ["shift+arrowright"], action: "further-right", does: "on by half a window" },
  { keys: "+", on: ["+", "="], action: "zoom-in", does: "zoom in" },
  { keys: "−", on: ["-"], action: "zoom-out", does: "zoom out" },
  { keys: "0", on: ["0"], action: "now", does: "back to live, 15 min" },
  { keys: "1 to 6", on: ["1", "2", "3", "4", "5", "6"], action: "track", does: "go to a track" },
  { keys: "J", on: ["j"], action: "next", does: "next track or row" },
  { keys: "K", on: ["k"], action: "previous", does: "previous track or row" },
  { keys: "Enter", on: ["enter"], action: "open", does: "hold the second, expand or open" },
  { keys: "Esc", on: ["escape"], action: "back", does: "one step back" },
  { keys: "P", on: ["p"], action: "who", does: "who, at the pointer" },
  { keys: "A", on: ["a"], action: "acknowledge", does: "acknowledge" },
  { keys: "S", on: ["s"], action: "silence", does: "silence" },
  { keys: "X", on: ["x"], action: "select", does: "select a row" },
  { keys: "[", on: ["["], action: "earlier-alert", does: "previous alert in time" },
  { keys: "]", on: ["]"], action: "later-alert", does: "next alert in time" },
  { keys: "L", on: ["l"], action: "sort", does: "sort the legend" },
  { keys: "V", on: ["v"], action: "table", does: "chart as table" },
  { keys: "D", on: ["d"], action: "dashes", does: "dashes on series" },
  { keys: "T", on: ["t"], action: "theme", does: "theme" },
  { keys: "G, then a letter", on: ["g"], action: "page", does: "go to a page" },
  { keys: "?", on: ["?"], action: "keys", does: "this list" },
];

const BY_PRESS = new Map(KEYS.flatMap((key) => key.on.map((press) => [press, key.action] as const)));
const LETTER_WAIT_MS = 1500;
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]:not([contenteditable=false])";
const PRESSED = "button, a, summary, input, [role=option], [role=menuitem]";

/** Whether keys are on; kept in this browser. */
export const keysOn = kept("barograph.keys", ["on", "off"], "on");

let letterUntil = 0;

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPING) !== null;
}

/** What a press asks for, without the page: an action and the key it gets, or null. */
export function wanted(press: { key: string; shiftKey: boolean }): ActionName | null {
  const key = press.key.toLowerCase();
  return (press.shiftKey ? BY_PRESS.get(`shift+${key}`) : undefined) ?? BY_PRESS.get(key) ?? null;
}

/** Handle a press anywhere on the page. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  // the one key that works from within a text: it belongs to search nearly everywhere
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    if (act("search")) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (keysOn.value === "off" && event.key !== "Escape") return;
  if (event.timeStamp < letterUntil && /^[a-z]$/i.test(event.key)) {
    letterUntil = 0;
    if (act("page", event.key.toLowerCase())) event.preventDefault();
    return;
  }
  letterUntil = 0;
  // Space and Enter press what has the focus
  if ((event.key === " " || event.key === "Enter") && (event.target as Element | null)?.closest(PRESSED)) return;
  const action = wanted(event);
  if (action === null || !isOffered(action)) return;
  event.preventDefault();
  if (action === "page") letterUntil = event.timeStamp + LETTER_WAIT_MS;
  else act(action, event.key.toLowerCase());
}
