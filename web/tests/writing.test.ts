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

  test("is not begun twice", async () => {
    const writing = new Writing();
    const first = writing.run(() => new Promise((done) => setTimeout(done, 5)), "", may);
    expect(await writing.run(async () => {}, "", may)).toBe(false);
    expect(await first).toBe(true);
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
