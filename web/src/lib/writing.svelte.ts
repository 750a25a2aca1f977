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

/** Something that is read once for a part of the page: not yet, there, or why not. */
export class Reading<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);

  constructor(private readonly ask: () => Promise<T>) {}

  read = async (): Promise<void> => {
    try {
      this.value = await this.ask();
      this.failure = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
    }
  };
}
