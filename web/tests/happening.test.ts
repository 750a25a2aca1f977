import { describe, expect, test } from "vitest";
import { type PressureSpan, culprit, strongest } from "../src/lib/happening";

const START = 1_795_435_200_000;

/** Seconds at a level, with stretches [from, to) at others. */
function span(level: number, seconds: number, ...stretches: [number, number, number][]): PressureSpan {
  const values = new Float64Array(seconds).fill(level);
  for (const [from, to, value] of stretches) values.fill(value, from, to);
  return { values, startMs: START, stepMs: 1000 };
}

describe("what happened in a view", () => {
  test("a quiet view has nothing", () => {
    expect(strongest({ io: span(0, 900), cpu: span(20, 900), memory: span(0, 900) })).toBeNull();
    expect(strongest({})).toBeNull();
    expect(strongest({ io: span(NaN, 900) })).toBeNull();
  });

  test("a storm is told with its ends and its peak", () => {
    const io = span(1, 900, [300, 500, 50], [400, 401, 61]);
    expect(strongest({ io })).toEqual({
      resource: "io",
      fromMs: START + 299_000,
      toMs: expect.closeTo(START + 502_000, -4) as number,
      ongoing: false,
      peakMs: START + 400_000,
      peak: 61,
    });
  });

  test("one that lasts is under way", () => {
    expect(strongest({ io: span(0, 900, [880, 900, 40]) })?.ongoing).toBe(true);
    // samples that have not come yet do not end it
    const late = span(0, 900, [880, 895, 40]);
    late.values.fill(NaN, 895);
    expect(strongest({ io: late })?.ongoing).toBe(true);
  });

  test("a blink is nothing, five hard seconds are something", () => {
    expect(strongest({ io: span(0, 900, [300, 301, 90]) })).toBeNull();
    expect(strongest({ io: span(0, 900, [300, 305, 80]) })).not.toBeNull();
  });

  test("what was so all along did not happen", () => {
    expect(strongest({ cpu: span(70, 900), io: span(30, 900) })).toBeNull();
  });

  test("waiting for a disk counts for more than waiting for a CPU", () => {
    const cpu = span(20, 900, [500, 800, 65]);
    const io = span(0, 900, [400, 410, 70]);
    expect(strongest({ cpu, io })?.resource).toBe("io");
    expect(strongest({ cpu })?.resource).toBe("cpu");
  });

  test("what goes on now counts for more than what is over", () => {
    expect(strongest({ io: span(0, 900, [300, 400, 50], [870, 900, 50]) })?.ongoing).toBe(true);
    expect(strongest({ io: span(0, 900, [300, 400, 90], [870, 900, 40]) })?.ongoing).toBe(false);
  });

  test("short lulls do not make two of one", () => {
    const found = strongest({ io: span(0, 900, [300, 340, 50], [350, 400, 50]) });
    expect(found?.fromMs).toBe(START + 299_000);
    expect(found?.toMs).toBeGreaterThan(START + 398_000);
  });

  test("buckets of a minute work as seconds do", () => {
    const io = { ...span(0, 300, [100, 110, 30]), stepMs: 60_000 };
    expect(strongest({ io })).toMatchObject({ fromMs: START + 99 * 60_000, toMs: START + 109 * 60_000, peak: 30 });
  });
});

describe("who did it", () => {
  const row = (name: string, amount: number, change: number | null) => ({ name, amount, change });
  test.each([
    ["the one that grew most", [row("postgres", 60, 0), row("restic", 50, 50)], "restic"],
    ["not one that did little of it", [row("many", 90, -5), row("cron", 2, 2)], null],
    ["not one that shrank", [row("postgres", 60, -3)], null],
    ["by what it did where nothing is known of before", [row("a", 10, null), row("b", 60, null)], "b"],
    ["nobody where nobody did anything", [row("a", 0, 0)], null],
    ["nobody where nothing is recorded", [], null],
    ["nobody without a name", [row("", 10, 10)], null],
  ])("%s", (_, rows, who) => expect(culprit(rows)).toBe(who));
});
