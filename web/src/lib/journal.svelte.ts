// A list of what happened, the newest first, read in pages: the newest page again and again, older ones when asked for.
// Each row is there once, however answers cross.

import { Failure } from "./api";

export interface Numbered {
  /** Rises with time, and names the row. */
  number: number;
}

export interface Page<Row> {
  rows: readonly Row[];
  /** Asked for with this number, the next older page comes; null where this was the oldest. */
  next: number | null;
}

export class Journal<Row extends Numbered> {
  /** What is shown; null until a first answer. */
  value = $state.raw<Row[] | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Before which number older ones would be asked for; null where there are none. */
  next = $state.raw<number | null>(null);
  /** The rows that answer the question of now, without a hole between them. */
  private found: readonly Row[] = [];
  private newest: AbortController | null = null;
  private earlier: AbortController | null = null;

  /** `ask` reads a page, the newest for null. */
  constructor(private readonly ask: (before: number | null, signal: AbortSignal) => Promise<Page<Row>>) {}

  /** Read the newest page. Older rows that were read stay, unless something is missing between them and these. */
  read = async (): Promise<void> => {
    this.newest?.abort();
    this.newest = new AbortController();
    const page = await this.answer(null, this.newest.signal);
    if (page === null) return;
    const least = page.rows.at(-1)?.number ?? 0;
    const adjoin = page.next !== null && this.found.some((row) => row.number >= least);
    const older = adjoin ? this.found.filter((row) => row.number < least) : [];
    if (!adjoin) this.earlier = this.stopped(this.earlier);
    this.show([...page.rows, ...older], older.length === 0 ? page.next : this.next);
  };

  /** Read the next older page; asked for again before it is there (a double click), it comes once. */
  older = async (): Promise<void> => {
    if (this.earlier !== null || this.next === null) return;
    const asked = (this.earlier = new AbortController());
    const page = await this.answer(this.next, asked.signal);
    if (this.earlier === asked) this.earlier = null;
    if (page === null) return;
    const least = this.found.at(-1)?.number ?? Infinity;
    this.show([...this.found, ...page.rows.filter((row) => row.number < least)], page.next);
  };

  /** Ask another question from now on; what is shown stays until its answer comes. */
  anew = (): Promise<void> => {
    this.earlier = this.stopped(this.earlier);
    this.found = [];
    // older ones than its newest are not asked for before that is known
    this.next = null;
    return this.read();
  };

  private show(rows: Row[], next: number | null): void {
    this.found = this.value = rows;
    this.next = next;
  }

  private stopped(asked: AbortController | null): null {
    asked?.abort();
    return null;
  }

  // null: nobody waits for it any more, or it failed
  private async answer(before: number | null, signal: AbortSignal): Promise<Page<Row> | null> {
    try {
      const page = await this.ask(before, signal);
      if (signal.aborted) return null;
      this.failure = null;
      return page;
    } catch (error) {
      if (signal.aborted) return null;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
      return null;
    }
  }
}
