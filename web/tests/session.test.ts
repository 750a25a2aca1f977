import { afterEach, expect, test, vi } from "vitest";
import { openView } from "./view";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test.each([
  ["is gone", () => Promise.reject(new TypeError("gone")), "Not signed out: the server did not answer."],
  ["fails", async () => new Response("", { status: 500 }), "Not signed out: the server answered 500."],
])("who signs out by the search field and whose server %s is told", async (_, answer, words) => {
  const { recorder, pass } = await openView();
  vi.stubGlobal("addEventListener", () => undefined);
  const { Index } = await import("../src/lib/index.svelte");
  const { leaving } = await import("../src/lib/session.svelte");
  vi.stubGlobal("fetch", answer);
  const entry = new Index(recorder, () => "/").entries.find((one) => one.text === "Sign out");
  if (typeof entry?.to === "function") entry.to();
  await pass(1);
  expect(leaving.refused).toBe(words);
});
