import { afterEach, describe, expect, test, vi } from "vitest";
import { DAY, DayPressure, MONTH, bounded, scaleFor } from "../src/lib/daystrip.svelte";

const HOUR = 3_600_000;
const NOW = 1_795_435_200_000;

describe("the day strip", () => {
  test.each([
    ["a quarter of an hour", NOW - HOUR / 4, NOW, DAY],
    ["all of the day", NOW - 24 * HOUR, NOW, DAY],
    ["a week", NOW - 7 * 24 * HOUR, NOW, MONTH],
    ["an hour of the day before", NOW - 30 * HOUR, NOW - 29 * HOUR, MONTH],
  ])("shows %s", (_, fromMs, toMs, scale) => expect(scaleFor({ fromMs, toMs }, NOW)).toBe(scale));

  test("a window stays in what has happened, and is never nothing", () => {
    expect(bounded(NOW - 10, NOW + 90, NOW, "all")).toEqual({ fromMs: NOW - 100, toMs: NOW });
    expect(bounded(NOW - 100, NOW - 50, NOW, "all")).toEqual({ fromMs: NOW - 100, toMs: NOW - 50 });
    expect(bounded(NOW - HOUR, NOW + HOUR, NOW, "to")).toEqual({ fromMs: NOW - HOUR, toMs: NOW });
    expect(bounded(NOW - HOUR, NOW - 2 * HOUR, NOW, "to")).toEqual({ fromMs: NOW - HOUR, toMs: NOW - HOUR + 10_000 });
    expect(bounded(NOW, NOW - HOUR, NOW, "from")).toEqual({ fromMs: NOW - HOUR - 10_000, toMs: NOW - HOUR });
  });
});

describe("what the strip reads", () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A store of which each answer waits until it is let go; its value is its step in seconds. */
  function store(): { go: (place: number) => Promise<void> } {
    const waiting: (() => void)[] = [];
    vi.stubGlobal("fetch", async (_: string, { body }: { body: URLSearchParams }) => {
      await new Promise<void>((go) => waiting.push(go));
      const [end, step] = [body.get("end"), body.get("step")];
      return new Response(JSON.stringify({ status: "success", data: { result: [{ metric: {}, values: [[Number(end), step]] }] } }));
    });
    return {
      go: async (place) => {
        waiting[place]?.();
        await new Promise((done) => setTimeout(done, 5));
      },
    };
  }

  test("a failure is told until it is read, a connection that is gone is not", async () => {
    const pressure = new DayPressure();
    const answer = (made: () => Promise<Response>) => vi.stubGlobal("fetch", made);
    answer(async () => Response.json({ status: "error", error: "the disk is gone" }, { status: 500 }));
    await pressure.read("atlas", DAY, NOW);
    expect(pressure.failure?.message).toBe("the disk is gone");
    answer(async () => Response.json({ status: "success", data: { result: [] } }));
    await pressure.read("atlas", DAY, NOW);
    expect(pressure.failure).toBeNull();
    answer(() => Promise.reject(new TypeError("gone")));
    await pressure.read("atlas", DAY, NOW + HOUR);
    expect(pressure.failure).toBeNull();
  });

  test("late answers do not count", async () => {
    const { go } = store();
    const pressure = new DayPressure();
    void pressure.read("atlas", MONTH, NOW);
    void pressure.read("atlas", DAY, NOW);
    await go(1);
    await go(0);
    expect([pressure.scale, pressure.values.at(-1)]).toEqual([DAY, 60]);
    // a month is asked for and left before it is there
    void pressure.read("atlas", MONTH, NOW);
    void pressure.read("atlas", DAY, NOW);
    await go(2);
    expect(pressure.scale).toBe(DAY);
  });

  test("a clock that was set back has it read anew", async () => {
    const { go } = store();
    const pressure = new DayPressure();
    void pressure.read("atlas", DAY, NOW);
    await go(0);
    void pressure.read("atlas", DAY, NOW - HOUR);
    await go(1);
    expect([pressure.endMs, pressure.values.filter((value) => !Number.isNaN(value)).length]).toEqual([NOW - HOUR, 1]);
  });
});
