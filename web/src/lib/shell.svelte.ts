// Where the person is: the address as the page knows it, moving without loading, what the rail counts. One for the page.

import { PAGES, type PageEntry } from "../pages/table";
import { match } from "./places";

export interface Place {
  page: PageEntry;
  parameters: Readonly<Record<string, string>>;
}

/** The page of a path, or null where nothing is. */
export function placeOf(path: string): Place | null {
  for (const page of PAGES) {
    for (const template of page.at) {
      const found = match(template, path);
      if (found !== null) return { page, parameters: found.parameters };
    }
  }
  return null;
}

class Shell {
  path = $state(location.pathname);
  /** Rises with every move of a person, also to the same path with another query. */
  moves = $state(0);
  /** Open and unacknowledged alerts, and the worst of them: what the rail counts. The Alerts page's parts keep it true. */
  alerts = $state.raw<{ count: number; worst: "critical" | "warning" | "info" }>({ count: 0, worst: "info" });
  keysShown = $state(false);
  paletteShown = $state(false);

  readonly place = $derived<Place | null>(placeOf(this.path));

  /** Begin: links move within the page, and so do back and forward. */
  start(): void {
    addEventListener("popstate", () => this.arrive());
    document.addEventListener("click", (event) => this.follow(event));
  }

  /** Go to an address of this page, or leave it. */
  go(address: string): void {
    const target = new URL(address, location.href);
    if (target.origin !== location.origin || placeOf(target.pathname) === null) return location.assign(target);
    try {
      if (target.href !== location.href) history.pushState(null, "", target);
    } catch {
      // more than this browser takes in so short a time: it goes there by itself
      return location.assign(target);
    }
    this.arrive();
  }

  private arrive(): void {
    this.path = location.pathname;
    this.moves += 1;
  }

  // a plain click on a link to one of our pages; whatever else a person does with a link is the browser's
  private follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest("a");
    if (!link || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (placeOf(link.pathname) === null || (link.hash !== "" && link.pathname === location.pathname)) return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const shell = new Shell();
