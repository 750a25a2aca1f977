import { describe, expect, test } from "vitest";
import { Failure } from "../src/lib/api";
import { Journal, type Numbered, type Page } from "../src/lib/journal.svelte";

/** A log whose answers come when a test says so. */
class Log {
  newest = 9;
  readonly waiting: { before: number | null; come: () => Promise<void> }[] = [];
  readonly journal = new Journal<Numbered>((before) => new Promise((resolve, reject) => {
    const page = this.page(before);
    const tick = () => new Promise<void>((done) => setTimeout(done, 0));
    this.waiting.push({ before, come: () => { if (this.fails) reject(new Failure("failed", "no disk")); else resolve(page); return tick(); } });
  }));
  fails = false;

  private page(before: number | null): Page<Numbered> {
    const last = before === null ? this.newest : before - 1;
    const rows = [last, last - 1, last - 2].filter((number) => number > 0).map((number) => ({ number }));
    const least = rows.at(-1)?.number ?? 0;
    return { rows, next: least > 1 ? least : null };
  }

  get numbers(): number[] | null {
    return this.journal.value?.map((row) => row.number) ?? null;
  }

  async come(): Promise<void> {
    for (const one of this.waiting.splice(0)) await one.come();
  }
}

async function opened(): Promise<Log> {
  const log = new Log();
  void log.journal.read();
  await log.come();
  return log;
}

describe("a journal", () => {
  test("has nothing, then its newest page, then older ones to the last", async () => {
    const log = new Log();
    expect(log.numbers).toBeNull();
    void log.journal.read();
    await log.come();
    expect([log.numbers, log.journal.next]).toEqual([[9, 8, 7], 7]);
    for (let i = 0; i < 4; i++) {
      void log.journal.older();
      await log.come();
    }
    expect([log.numbers, log.journal.next]).toEqual([[9, 8, 7, 6, 5, 4, 3, 2, 1], null]);
  });

  test("reads an older page once, however often it is asked for", async () => {
    const log = await opened();
    void log.journal.older();
    void log.journal.older();
    expect(log.waiting).toHaveLength(1);
    await log.come();
    expect(log.numbers).toEqual([9, 8, 7, 6, 5, 4]);
  });

  test("keeps older ones when something new comes, and in the newest answer's order", async () => {
    const log = await opened();
    void log.journal.older();
    await log.come();
    log.newest = 11;
    void log.journal.read();
    await log.come();
    expect([log.numbers, log.journal.next]).toEqual([[11, 10, 9, 8, 7, 6, 5, 4], 4]);
  });

  test("shows no row twice where the newest page comes before an older one that was asked for first", async () => {
    const log = await opened();
    void log.journal.older();
    log.newest = 10;
    void log.journal.read();
    const [older, newest] = log.waiting.splice(0);
    await newest?.come();
    await older?.come();
    expect(log.numbers).toEqual([10, 9, 8, 7, 6, 5, 4]);
  });

  test("lets go of older ones where so much came that some are missing between", async () => {
    const log = await opened();
    void log.journal.older();
    const [older] = log.waiting.splice(0);
    log.newest = 30;
    void log.journal.read();
    await log.come();
    await older?.come();
    expect([log.numbers, log.journal.next]).toEqual([[30, 29, 28], 28]);
    void log.journal.older();
    await log.come();
    expect(log.numbers).toEqual([30, 29, 28, 27, 26, 25]);
  });

  test("shows what it had until another question is answered, and nothing of it after", async () => {
    const log = await opened();
    void log.journal.older();
    const [older] = log.waiting.splice(0);
    void log.journal.anew();
    expect(log.numbers).toEqual([9, 8, 7]);
    await log.come();
    await older?.come();
    expect(log.numbers).toEqual([9, 8, 7]);
    expect(log.journal.next).toBe(7);
  });

  test("says why a page did not come, keeps what it had, and asks again", async () => {
    const log = await opened();
    log.fails = true;
    void log.journal.older();
    await log.come();
    expect([log.journal.failure?.message, log.numbers]).toEqual(["no disk", [9, 8, 7]]);
    log.fails = false;
    void log.journal.older();
    await log.come();
    expect([log.journal.failure, log.numbers]).toEqual([null, [9, 8, 7, 6, 5, 4]]);
  });

  test("asks for none that are older than what it does not know: another question failed", async () => {
    const log = await opened();
    log.fails = true;
    void log.journal.anew();
    await log.come();
    log.fails = false;
    void log.journal.older();
    await log.come();
    expect([log.journal.failure?.message, log.numbers]).toEqual(["no disk", [9, 8, 7]]);
    void log.journal.read();
    await log.come();
    expect([log.journal.failure, log.numbers, log.journal.next]).toEqual([null, [9, 8, 7], 7]);
  });

  test("throws what is no failure of the server", async () => {
    const journal = new Journal<Numbered>(() => Promise.reject(new TypeError("a mistake")));
    await expect(journal.read()).rejects.toThrow("a mistake");
  });
});
