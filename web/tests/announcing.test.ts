import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Announcing } from "../src/lib/announcing.svelte";
import type { Alert } from "../src/lib/alerts";
import { alert, listOf } from "./alertsmade";

const waiting: ((answer: Response) => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", () => new Promise((come) => waiting.push(come)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  waiting.length = 0;
});

async function come(...alerts: Alert[]): Promise<void> {
  waiting.shift()?.(Response.json({ status: "success", data: listOf(...alerts) }));
  await vi.advanceTimersByTimeAsync(10);
}

test("what is new is said once, however many changes come before the server has answered", async () => {
  const announcing = new Announcing();
  const said: string[] = [];
  const look = async () => {
    announcing.look();
    await vi.advanceTimersByTimeAsync(10);
  };
  await look();
  await come();
  await look();
  await look();
  // one question at a time; what came meanwhile is asked for after it
  expect(waiting).toHaveLength(1);
  await come(alert(1));
  said.push(announcing.urgent);
  announcing.urgent = "";
  await vi.advanceTimersByTimeAsync(6000);
  expect(waiting).toHaveLength(1);
  await come(alert(1));
  said.push(announcing.urgent);
  expect(said.map((text) => text.replaceAll("\u00a0", " "))).toEqual(["Critical: I/O pressure high on atlas.", ""]);
});

test("a question that failed is asked again with the next change", async () => {
  const announcing = new Announcing();
  announcing.look();
  await vi.advanceTimersByTimeAsync(10);
  waiting.shift()?.(Response.json({ status: "error", error: "no" }, { status: 500 }));
  await vi.advanceTimersByTimeAsync(10);
  announcing.look();
  await vi.advanceTimersByTimeAsync(10);
  expect(waiting).toHaveLength(1);
});
