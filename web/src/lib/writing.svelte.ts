// Something that is written to the server from a form: busy, done, or why not, in words. The form keeps what was typed until
// the server has stored it.

import { notSaved } from "./acknowledging";
import { Failure } from "./api";
import { mayNot } from "./words";

export class Writing {
  /** Whether anything is under way: a form's own button rests then. */
  busy = $state(false);
  /** Why it was not stored; "" where nothing is wrong. */
  wrong = $state("");
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();
  private readonly underWay = new Map<string, Promise<boolean>>();

  /**
   * Write, after what was begun before; true once the server has stored it.
   * @param undone What did not happen: "No user was added."
   * @param may Who asks and what for, for the words of a refusal: ["viewer", "add users"].
   * @param of What of: the same, asked for twice (a double click) before it is stored, is written once. "": each is.
   */
  run(write: () => Promise<unknown>, undone: string, may: readonly [string, string], of = ""): Promise<boolean> {
    const same = this.underWay.get(undone + of);
    if (of !== "" && same !== undefined) return same;
    // a later success must not hide why an earlier one failed
    if (this.waiting === 0) this.wrong = "";
    this.waiting += 1;
    this.busy = true;
    const turn = this.last.then(async () => {
      try {
        await write();
        return true;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.wrong = error.status === 403 ? mayNot(...may) : notSaved(error.kind, error.message, undone);
        return false;
      } finally {
        this.underWay.delete(undone + of);
        this.waiting -= 1;
        this.busy = this.waiting > 0;
      }
    });
    this.underWay.set(undone + of, turn);
    this.last = turn.catch(() => {});
    return turn;
  }
}

/** What a click asks for: clicked on again before it is done, it is done once. Its button rests meanwhile. */
export class Once<Key> {
  /** What is under way. */
  busy = $state.raw<ReadonlySet<Key>>(new Set());

  async run(key: Key, work: () => Promise<unknown>): Promise<void> {
    if (this.busy.has(key)) return;
    this.busy = new Set([...this.busy, key]);
    try {
      await work();
    } finally {
      this.busy = new Set([...this.busy].filter((one) => one !== key));
    }
  }
}

/** Something that is read for a part of the page: not yet, there, or why not. Read again, the last question's answer counts. */
export class Reading<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  private asking: AbortController | null = null;

  constructor(private readonly ask: (signal: AbortSignal) => Promise<T>) {}

  read = async (): Promise<void> => {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    try {
      const found = await this.ask(signal);
      if (signal.aborted) return;
      this.value = found;
      this.failure = null;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
    }
  };

  /** Nobody waits for it any longer. */
  end(): void {
    this.asking?.abort();
  }
}
