// What keys and palette can do. Names only: a page offers what it can do now, the last that offers an action does it, so that
// what lies on top comes first. No key is known here; lib/keys.ts has them.

export type ActionName =
  | "search" | "live" | "left" | "right" | "further-left" | "further-right" | "zoom-in" | "zoom-out" | "now"
  | "track" | "next" | "previous" | "open" | "back" | "who" | "acknowledge" | "silence" | "earlier-alert" | "later-alert"
  | "sort" | "table" | "dashes" | "theme" | "keys" | "page" | "select";

/** What carries an action out. Gets the key that asked, for actions that several keys share (tracks 1 to 6). */
export type Doing = (key: string) => void;
export type Offer = Partial<Record<ActionName, Doing>>;

const offers: Offer[] = [];

/** Offer actions until what this returns is called. */
export function offer(actions: Offer): () => void {
  offers.push(actions);
  return () => {
    const place = offers.lastIndexOf(actions);
    if (place >= 0) offers.splice(place, 1);
  };
}

function doing(name: ActionName): Doing | undefined {
  return offers.findLast((actions) => actions[name] !== undefined)?.[name];
}

export const isOffered = (name: ActionName): boolean => doing(name) !== undefined;

/** Do it; false where nobody offers it. */
export function act(name: ActionName, key = ""): boolean {
  const found = doing(name);
  found?.(key);
  return found !== undefined;
}
