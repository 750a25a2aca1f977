import { expect, test, vi } from "vitest";
import { Flight } from "../src/lib/flight.svelte";
import { advance, speedOf } from "../src/lib/playing.svelte";
import type { Recorder } from "../src/lib/recorder.svelte";

test.each([
  [250, 1, 0, 0, 250],
  [250, 1, 750, 1000, 0],
  [250, 10, 0, 2000, 500],
  [250, 60, 500, 15_000, 500],
] as const)("%d ms at %dx, %d carried", (elapsed, speed, carried, stepMs, carriedMs) => {
  expect(advance(elapsed, speed, carried)).toEqual({ stepMs, carriedMs });
});

test.each([["1", 1], ["60", 60], [null, 10], ["7", 10]] as const)("speed %s", (code, speed) => expect(speedOf(code)).toBe(speed));

test("going back to live ends the film", async () => {
  vi.stubGlobal("location", new URL("http://atlas/"));
  vi.useFakeTimers();
  const recorder = {
    held: { fromMs: 0, toMs: 900_000 } as object | null, atMs: 1000 as number | null, newestMs: 900_000, rangeMs: 900_000,
    view: { fromMs: 0, toMs: 900_000 }, viewRangeMs: 900_000,
    holdSecond: (ms: number) => Object.assign(recorder, { atMs: ms, held: recorder.view }),
    showAt: () => undefined,
  };
  const { playing } = new Flight(recorder as unknown as Recorder, true);
  playing.toggle();
  vi.advanceTimersByTime(1000);
  expect(recorder.atMs).toBeGreaterThan(5000);
  Object.assign(recorder, { held: null, atMs: null });
  vi.advanceTimersByTime(1000);
  expect([recorder.held, playing.on]).toEqual([null, false]);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
