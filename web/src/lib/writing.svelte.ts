// Something that is written to the server from a form: busy, done, or why not, in words. The form keeps what was typed until
// the server has stored it.

import { notSaved } from "./acknowledging";
import { Failure } from "./api";
import { mayNot } from "./words";

export class Writing {
  busy = $state(false);
  /** Why it was not stored; "" where nothing is wrong. */
  wrong = $state("");

  /**
   * Write; true once the server has stored it.
   * @param undone What did not happen: "No user was added."
   * @param may Who asks and what for, for the words of a refusal: ["viewer", "add users"].
   */
  async run(write: () => Promise<unknown>, undone: string, may: readonly [string, string]): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.wrong = "";
    try {
      await write();
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.wrong = error.status === 403 ? mayNot(...may) : notSaved(error.kind, error.message, undone);
      return false;
    } finally {
      this.busy = false;
    }
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
