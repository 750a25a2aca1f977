import { afterEach, expect, test, vi } from "vitest";
import { kept } from "../src/lib/kept";

afterEach(() => vi.unstubAllGlobals());

function storage(content: Record<string, string>): Record<string, string> {
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => content[key] ?? null,
    setItem: (key: string, value: string) => (content[key] = value),
  });
  return content;
}

test("a choice is read from and written to storage", () => {
  const content = storage({ k: "b" });
  const choice = kept("k", ["a", "b"], "a");
  expect(choice.value).toBe("b");
  choice.value = "a";
  expect(content["k"]).toBe("a");
});

test("what is no choice is as if it were not there", () => {
  storage({ k: "<b>" });
  expect(kept("k", ["a", "b"], "a").value).toBe("a");
});

test("where storage is refused a choice lasts as long as the page", () => {
  vi.stubGlobal("localStorage", undefined);
  const choice = kept("k", ["a", "b"], "a");
  choice.value = "b";
  expect(choice.value).toBe("b");
});
