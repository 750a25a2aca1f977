import { afterEach, expect, test, vi } from "vitest";
import { Machine } from "../src/lib/machine.svelte";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what a machine has is asked while somebody follows it and the page is seen", async () => {
  vi.useFakeTimers();
  const document = { hidden: false };
  vi.stubGlobal("document", document);
  let asked = 0;
  vi.stubGlobal("fetch", async () => {
    asked += 1;
    return new Response(JSON.stringify({ status: "success", data: { result: [] } }));
  });
  const since = async (ms: number) => {
    asked = 0;
    await vi.advanceTimersByTimeAsync(ms);
    return asked;
  };
  const machine = new Machine();
  const [one, other] = [machine.follow("atlas"), machine.follow("atlas")];
  expect(await since(120_000)).toBeGreaterThan(0);
  document.hidden = true;
  expect(await since(120_000)).toBe(0);
  document.hidden = false;
  expect(await since(120_000)).toBeGreaterThan(0);
  one();
  expect(await since(120_000)).toBeGreaterThan(0);
  other();
  expect(await since(120_000)).toBe(0);
});
