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

test("drawing leaves the first frame alone and is spread over the next, 5 ms in each at most", async () => {
  expect((await scheduled([2, 3, 2, 1, 9, 2])).join("")).toBe("|01|23|4|5|");
});

test("what was never drawn is taken for dear, and what was dear for some time", async () => {
  const { schedule } = await import("../src/lib/schedule");
  const drawn: string[] = [];
  const owners = [{}, {}, {}] as const;
  const cost = [1, 1.5, 1];
  const ask = () => {
    drawn.length = 0;
    owners.forEach((owner, i) => schedule(owner, () => ((now += cost[i] as number), drawn.push(String(i)))));
    while (frames.length > 0) {
      frame();
      drawn.push("|");
    }
    return drawn.join("");
  };
  expect(ask()).toBe("|01|2|");
  expect(ask()).toBe("|012|");
  cost[1] = 6;
  expect(ask()).toBe("|01|2|");
  cost[1] = 1;
  expect([ask(), ask(), ask()]).toEqual(["|0|12|", "|0|12|", "|012|"]);
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
  frame();
  expect([drawn, frames.length]).toEqual([["new"], 0]);
});

test("what waits for a paint comes in a task after the frame, once, and also where no frame comes", async () => {
  vi.useFakeTimers();
  const { afterPaint } = await import("../src/lib/schedule");
  const done: string[] = [];
  afterPaint(() => done.push("painted"));
  frame();
  expect(done).toEqual([]);
  vi.advanceTimersByTime(1);
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(["painted"]);
  afterPaint(() => done.push("unseen"));
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(["painted", "unseen"]);
  vi.useRealTimers();
});

test("idle work is done while time is left, the newest of each owner, and not once its owner is gone", async () => {
  let idles: ((deadline: { didTimeout: boolean; timeRemaining: () => number }) => void)[] = [];
  vi.stubGlobal("requestIdleCallback", (run: (typeof idles)[number]) => idles.push(run));
  const { later, notLater } = await import("../src/lib/schedule");
  const done: string[] = [];
  const owners = [{}, {}, {}, {}] as const;
  later(owners[0], () => done.push("old"));
  later(owners[0], () => done.push("new"));
  later(owners[1], () => done.push("two"));
  later(owners[2], () => done.push("three"));
  later(owners[3], () => done.push("gone"));
  notLater(owners[3]);
  let left = 5;
  const idle = () => idles.splice(0).forEach((run) => run({ didTimeout: false, timeRemaining: () => (left -= 2) }));
  idle();
  expect(done).toEqual(["new", "two"]);
  idle();
  expect([done, idles.length]).toEqual([["new", "two", "three"], 0]);
});

test("one drawing that goes wrong stops no other, now or later", async () => {
  const { schedule } = await import("../src/lib/schedule");
  const drawn: string[] = [];
  schedule({}, () => {
    throw new TypeError("a mistake");
  });
  schedule({}, () => drawn.push("other"));
  frame();
  expect(frame).toThrow("a mistake");
  frame();
  expect([drawn, frames.length]).toEqual([["other"], 0]);
  schedule({}, () => drawn.push("later"));
  frame();
  frame();
  expect(drawn).toEqual(["other", "later"]);
});

test("one piece of idle work that goes wrong holds up no other, and work after a paint is done once", async () => {
  const idle: ((deadline: object) => void)[] = [];
  vi.stubGlobal("requestIdleCallback", (run: (deadline: object) => void) => idle.push(run));
  const { afterPaint, later } = await import("../src/lib/schedule");
  const done: string[] = [];
  const wrong = (what: string) => () => {
    done.push(what);
    throw new TypeError("a mistake");
  };
  later({}, wrong("wrong"));
  later({}, () => done.push("other"));
  const rest = () => idle.splice(0).forEach((run) => run({ didTimeout: false, timeRemaining: () => 50 }));
  expect(rest).toThrow("a mistake");
  rest();
  expect(done).toEqual(["wrong", "other"]);
  vi.useFakeTimers();
  afterPaint(wrong("painted"));
  expect(() => vi.advanceTimersByTime(200)).toThrow("a mistake");
  frame();
  vi.advanceTimersByTime(200);
  vi.useRealTimers();
  expect(done).toEqual(["wrong", "other", "painted"]);
});
