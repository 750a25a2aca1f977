import { describe, expect, test } from "vitest";
import { Failure } from "../src/lib/api";
import { Once, Reading, Writing } from "../src/lib/writing.svelte";

const may = ["viewer", "add users"] as const;

describe("a write", () => {
  test("that is stored is done", async () => {
    const writing = new Writing();
    expect(await writing.run(async () => {}, "Nothing.", may)).toBe(true);
    expect(writing.wrong).toBe("");
  });

  test.each([
    [new Failure("unreachable", "the server did not answer"), "Not saved: the server did not answer. No user was added."],
    [new Failure("refused", "the name is taken", 409), "Not saved: the name is taken. No user was added."],
    [new Failure("refused", "no", 403), "Your role, viewer, may look but not add users. Ask an admin of this server."],
    [new Failure("signed-out", "no session", 401), "Not saved: you were signed out. No user was added."],
  ])("that is not says why: %s", async (failure, words) => {
    const writing = new Writing();
    expect(await writing.run(() => Promise.reject(failure), "No user was added.", may)).toBe(false);
    expect(writing.wrong).toBe(words);
    expect(writing.busy).toBe(false);
  });

  test("waits for the one before it, and does not hide that it failed", async () => {
    const writing = new Writing();
    const order: string[] = [];
    const first = writing.run(
      async () => {
        await new Promise((done) => setTimeout(done, 5));
        order.push("first");
        throw new Failure("refused", "taken", 409);
      },
      "No link was made.",
      may,
    );
    const second = writing.run(async () => order.push("second"), "", may);
    expect([await first, writing.busy, await second, writing.busy]).toEqual([false, true, true, false]);
    expect(order).toEqual(["first", "second"]);
    expect(writing.wrong).toBe("Not saved: taken. No link was made.");
    await writing.run(async () => {}, "", may);
    expect(writing.wrong).toBe("");
  });

  test("of the same thing is done once, however often it is clicked on", async () => {
    const writing = new Writing();
    let done = 0;
    const drop = (of: string) => writing.run(async () => (done += 1), "Nobody was removed.", may, of);
    expect(await Promise.all([drop("olga"), drop("olga"), drop("ivan")])).toEqual([true, true, true]);
    expect(done).toBe(2);
    await drop("olga");
    expect(done).toBe(3);
  });

  test("that is our own mistake is heard of, and holds up nothing", async () => {
    const writing = new Writing();
    await expect(writing.run(() => Promise.reject(new TypeError("ours")), "", may)).rejects.toThrow("ours");
    expect(await writing.run(async () => {}, "", may)).toBe(true);
  });
});

test("a reading holds what came, or why nothing did", async () => {
  let answer: () => Promise<number> = () => Promise.reject(new Failure("failed", "x", 500));
  const reading = new Reading(() => answer());
  await reading.read();
  expect(reading.failure?.status).toBe(500);
  answer = () => Promise.resolve(4);
  await reading.read();
  expect([reading.value, reading.failure]).toEqual([4, null]);
});

test("of two readings that cross, the last question's answer is shown", async () => {
  const waiting: ((value: string) => void)[] = [];
  const signals: AbortSignal[] = [];
  const reading = new Reading<string>((signal) => {
    signals.push(signal);
    return new Promise((come) => waiting.push(come));
  });
  const both = [reading.read(), reading.read()];
  waiting[1]?.("as it is");
  await both[1];
  waiting[0]?.("as it was");
  await both[0];
  expect([reading.value, signals[0]?.aborted]).toEqual(["as it is", true]);
  const last = reading.read();
  reading.end();
  waiting[2]?.("for nobody");
  await last;
  expect(reading.value).toBe("as it is");
});

test("a reading that was given up does not say that it failed", async () => {
  const waiting: (() => void)[] = [];
  const reading = new Reading(() => new Promise<string>((_, fail) => waiting.push(() => fail(new Failure("failed", "x", 500)))));
  const both = [reading.read(), reading.read()];
  waiting[0]?.();
  await both[0];
  expect(reading.failure).toBeNull();
  waiting[1]?.();
  await both[1];
  expect(reading.failure?.status).toBe(500);
});

test("what is clicked on twice before it is done is done once, and again after, also where it failed", async () => {
  const once = new Once<string>();
  const done: string[] = [];
  const click = (what: string) => once.run(what, async () => done.push(what));
  await Promise.all([click("comment"), click("comment"), click("assign")]);
  expect([done, once.busy.size]).toEqual([["comment", "assign"], 0]);
  await expect(once.run("comment", () => Promise.reject(new TypeError("ours")))).rejects.toThrow("ours");
  await click("comment");
  expect(done).toEqual(["comment", "assign", "comment"]);
});
