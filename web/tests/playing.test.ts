import { expect, test } from "vitest";
import { advance, speedOf } from "../src/lib/playing.svelte";

test.each([
  [250, 1, 0, 0, 250],
  [250, 1, 750, 1000, 0],
  [250, 10, 0, 2000, 500],
  [250, 60, 500, 15_000, 500],
] as const)("%d ms at %dx, %d carried", (elapsed, speed, carried, stepMs, carriedMs) => {
  expect(advance(elapsed, speed, carried)).toEqual({ stepMs, carriedMs });
});

test.each([["1", 1], ["60", 60], [null, 10], ["7", 10]] as const)("speed %s", (code, speed) => expect(speedOf(code)).toBe(speed));
