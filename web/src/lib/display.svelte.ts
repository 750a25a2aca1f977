// How a person wants the recorder shown: the order of legends, dashes, which track is a table or expanded, which groups are
// open. Nothing of it is data; keys and buttons call its verbs.

import { type Group, type Shown, GROUPS } from "./address";

export type { Group };

export class Display {
  /** Legends by value at the pointer instead of in stacking order. */
  sorted = $state(false);
  /** A dash pattern a series. */
  dashes = $state(false);
  /** The tracks that are tables now. */
  tabled = $state.raw<ReadonlySet<string>>(new Set());
  /** The track at full height. */
  expanded = $state<string | null>(null);
  /** What is open: sub-tracks, more tracks. */
  open = $state.raw<ReadonlySet<Group>>(new Set());
  /** The groups of which all sub-tracks are shown, not the 8 busiest alone. */
  all = $state.raw<ReadonlySet<Group>>(new Set());
  /** The track that has, or had last, the focus or the pointer; keys act on it. */
  current = $state<string>("cpu");

  /** What of it stands in the address. */
  get address(): Shown {
    return { expanded: this.expanded, tables: [...this.tabled], open: GROUPS.filter((group) => this.open.has(group)) };
  }

  take(shown: Shown): void {
    this.expanded = shown.expanded;
    this.tabled = new Set(shown.tables);
    this.open = new Set(shown.open);
  }

  toggleSort(): void {
    this.sorted = !this.sorted;
  }

  toggleDashes(): void {
    this.dashes = !this.dashes;
  }

  toggleTable(track = this.current): void {
    this.tabled = toggled(this.tabled, track);
  }

  toggleExpanded(track = this.current): void {
    this.expanded = this.expanded === track ? null : track;
  }

  toggleOpen(group: Group): void {
    this.open = toggled(this.open, group);
  }

  /** Open a group, whole where what is looked for is not among the busiest. */
  reveal(group: Group, whole: boolean): void {
    this.open = new Set([...this.open, group]);
    if (whole) this.all = new Set([...this.all, group]);
  }

  showAll(group: Group): void {
    this.all = toggled(this.all, group);
  }

  /** One step back: false where there is none. */
  close(): boolean {
    if (this.expanded === null) return false;
    this.expanded = null;
    return true;
  }

  /** Move the focus to the next or previous track of the page; 1 or -1. */
  step(by: number): void {
    const rows = [...document.querySelectorAll<HTMLElement>("figure[data-track]")];
    const at = rows.findIndex((row) => row.dataset["track"] === this.current && row.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
    this.focus(rows[next]?.dataset["track"] ?? this.current);
  }

  /** Bring a track into sight and give it the focus. */
  focus(track: string): void {
    const row = document.querySelector<HTMLElement>(`figure[data-track="${CSS.escape(track)}"]`);
    if (row === null) return;
    this.current = track;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

function toggled<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(member)) next.add(member);
  return next;
}
