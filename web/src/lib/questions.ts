// What is asked for at a time: the tracks' own questions, and those that parts of the page add and take away. A question
// that several ask is asked once.

import { type Question, keyOf } from "./asking";

export class Questions {
  private readonly asked = new Map<string, { question: Question; count: number }>();

  /** All of them, in the order they came. */
  get all(): Question[] {
    return [...this.asked.values()].map((entry) => entry.question);
  }

  /** Add some; gives those that are new. */
  add(questions: readonly Question[]): Question[] {
    return questions.filter((question) => {
      const key = keyOf(question);
      const entry = this.asked.get(key);
      if (entry !== undefined) entry.count += 1;
      else this.asked.set(key, { question, count: 1 });
      return entry === undefined;
    });
  }

  /** Take some away; tells whether any is no longer asked. */
  remove(questions: readonly Question[]): boolean {
    let gone = false;
    for (const question of questions) {
      const key = keyOf(question);
      const entry = this.asked.get(key);
      if (entry === undefined) continue;
      entry.count -= 1;
      if (entry.count === 0) gone = this.asked.delete(key);
    }
    return gone;
  }
}
