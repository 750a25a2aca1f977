import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Who } from "../src/lib/who.svelte";

const SECOND = 1_795_435_200_000;
/** Answers that a test lets come, by the second that was asked for. */
const waiting = new Map<number, (answer: Response) => void>();
const table = (ms: number) => Response.json({ status: "success", data: { sampled: ms / 1000, rows: [] } });
const refusal = () => Response.json({ status: "error", error: "no disk" }, { status: 500 });

beforeEach(() => {
  vi.useFakeTimers();
  waiting.clear();
  vi.stubGlobal("fetch", (path: string) => new Promise((come) => waiting.set(1000 * Number(new URLSearchParams(path.split("?")[1]).get("at")), come)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function come(ms: number, answer: Response): Promise<void> {
  waiting.get(ms)?.(answer);
  await vi.advanceTimersByTimeAsync(10);
}

test("a second whose answer fails after another was looked at leaves that one to be answered", async () => {
  const who = new Who(() => true);
  who.look(SECOND, false);
  await vi.advanceTimersByTimeAsync(100);
  who.look(SECOND + 5000, false);
  await vi.advanceTimersByTimeAsync(100);
  await come(SECOND, refusal());
  expect([who.reason, who.asking]).toEqual([null, true]);
  await come(SECOND + 5000, table(SECOND + 5000));
  await come(SECOND + 5000 - 60_000, table(SECOND));
  expect([who.ofMs, who.asking]).toEqual([SECOND + 5000, false]);
});

test("a second that fails says why, and is asked for again when it is looked at again", async () => {
  const who = new Who(() => true);
  who.look(SECOND, false);
  await vi.advanceTimersByTimeAsync(100);
  await come(SECOND, refusal());
  expect([who.reason, who.asking]).toEqual(["no disk", false]);
  waiting.clear();
  who.look(SECOND, false);
  await vi.advanceTimersByTimeAsync(100);
  expect(waiting.has(SECOND)).toBe(true);
});
