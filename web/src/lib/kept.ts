// A choice of this person, kept in this browser. Where storage is refused it lasts as long as the page.

export interface Kept<T extends string> {
  value: T;
}

/** A choice among words; anything else that lies in storage is as if it were not there. */
export function kept<T extends string>(key: string, words: readonly T[], first: T): Kept<T> {
  let value = first;
  try {
    value = words.find((word) => word === localStorage.getItem(key)) ?? first;
  } catch {
    // storage is refused
  }
  return {
    get value() {
      return value;
    },
    set value(chosen: T) {
      value = chosen;
      try {
        localStorage.setItem(key, chosen);
      } catch {
        // storage is refused, or full
      }
    },
  };
}
