import { describe, expect, test } from "vitest";
import { Failure } from "../src/lib/api";
import { Reading, Writing } from "../src/lib/writing.svelte";

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
