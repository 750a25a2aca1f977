// What a page keeps of itself in the address beside the view: read once, written in place.

/**
 * Write an address in place. False where the browser takes none now: some take a hundred in half a minute, and throw at the next.
 */
export function replaceAddress(path: string): boolean {
  try {
    history.replaceState(history.state, "", path);
    return true;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return false;
  }
}

/** Change parameters of the address; null takes one away. What else stands there stays. */
export function putParameters(changes: Record<string, string | null>): void {
  const parameters = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  }
  // a colon needs no escape in a query, and times are easier to read with theirs
  const query = parameters.toString().replaceAll("%3A", ":");
  const path = `${location.pathname}${query === "" ? "" : `?${query}`}`;
  if (path !== location.pathname + location.search) replaceAddress(path);
}

export const readParameter = (name: string): string | null => new URLSearchParams(location.search).get(name);
