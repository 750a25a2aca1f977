import { afterEach, beforeEach, expect, test, vi } from "vitest";

let frames: (() => void)[] = [];
let now = 0;

beforeEach(() => {
  frames = [];
  now = 0;
  vi.resetModules();
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  vi.stubGlobal("performance", { now: () => now });
});
afterEach(() => vi.unstubAllGlobals());

const frame = () => frames.splice(0).forEach((run) => run());

async function scheduled(costs: number[]): Promise<string[]> {
  const { schedule } = await import("../src/lib/schedule");
  const owners = costs.map(() => ({}));
  const drawn: string[] = [];
  const ask = () => costs.forEach((cost, i) => schedule(owners[i] as object, () => ((now += cost), drawn.push(String(i)))));
  ask();
  while (frames.length > 0) frame();
  drawn.length = 0;
  // now it is known what each costs
  ask();
  while (frames.length > 0) {
    frame();
    drawn.push("|");
  }
  return drawn;
}

test("drawing is spread over frames, 8 ms in each at most", async () => {
  expect((await scheduled([3, 3, 3, 1, 9, 2])).join("")).toBe("01|23|4|5|");
});

test("what the same owner wanted before is replaced, what is gone is not drawn", async () => {
  const { schedule, unschedule } = await import("../src/lib/schedule");
  const drawn: string[] = [];
  const [one, two] = [{}, {}];
  schedule(one, () => drawn.push("old"));
  schedule(one, () => drawn.push("new"));
  schedule(two, () => drawn.push("gone"));
  unschedule(two);
  frame();
  expect([drawn, frames.length]).toEqual([["new"], 0]);
});
