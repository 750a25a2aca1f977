import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Recorder } from "../src/lib/recorder.svelte";

vi.stubGlobal("location", { pathname: "/explore", search: "" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
vi.stubGlobal("history", { state: null, replaceState: (_: unknown, __: string, to: string) => (location.search = to.split("?")[1] ?? "") });
const { Exploring } = await import("../src/lib/exploring.svelte");

const recorder = { viewRangeMs: 60_000, widthPx: 800, intervalMs: 1000, view: { fromMs: 0, toMs: 60_000 }, atMs: null } as unknown as Recorder;
const answers: ((() => Response | Promise<Response>) | "gone")[] = [];
const signals: (AbortSignal | null)[] = [];
const good = () => Response.json({ status: "success", data: { resultType: "matrix", result: [{ metric: { a: "1" }, values: [[1, "2"]] }] } });
const wrong = () => Response.json({ status: "error", error: "no such function", position: 3 }, { status: 400 });
const waits = () => new Promise<Response>(() => undefined);

beforeEach(() => {
  location.search = "?q=up";
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    signals.push(init.signal ?? null);
    const next = answers.shift();
    if (next === undefined || next === "gone") throw new TypeError("gone");
    return next();
  });
});
afterEach(() => {
  answers.length = signals.length = 0;
});

const made = () => {
  const exploring = new Exploring(recorder);
  const query = exploring.queries[0];
  if (query === undefined) throw new Error("no query");
  return { exploring, query };
};

describe("a query that is asked again and again", () => {
  test("holds its error until it is right: nothing blinks, nothing is announced anew", async () => {
    const { exploring, query } = made();
    answers.push(wrong, wrong, good);
    await exploring.refresh();
    const first = query.failure;
    expect(first?.message).toBe("no such function");
    const again = exploring.refresh();
    expect(query.failure).toBe(first);
    await again;
    expect(query.failure).toBe(first);
    await exploring.refresh();
    expect([query.failure, query.rows.length]).toEqual([null, 1]);
  });

  test("holds its chart while nobody answers, and is asked once somebody does", async () => {
    const { exploring, query } = made();
    answers.push(good, "gone", good);
    await exploring.refresh();
    await exploring.refresh();
    expect([query.rows.length, query.failure, query.missed, query.running]).toEqual([1, null, true, false]);
    exploring.again();
    await vi.waitFor(() => expect(query.missed || query.running).toBe(false));
    expect(answers).toEqual([]);
  });

  test("holds no chart of another text", async () => {
    const { exploring, query } = made();
    answers.push(good, "gone");
    await exploring.refresh();
    query.text = "down";
    exploring.run(query);
    await vi.waitFor(() => expect(query.running).toBe(false));
    expect([query.rows.length, query.failure?.kind]).toEqual([0, "unreachable"]);
  });

  test("ends when its text is taken away, and when the page is left", async () => {
    const { exploring, query } = made();
    answers.push(waits, waits);
    void exploring.refresh();
    query.text = "";
    exploring.run(query);
    expect([query.running, signals[0]?.aborted]).toEqual([false, true]);
    query.text = "up";
    exploring.run(query);
    exploring.end();
    expect(signals[1]?.aborted).toBe(true);
  });

  test("keeps the series that is alone in the address", () => {
    const { exploring } = made();
    exploring.only = 'A {a="1"}';
    exploring.remember();
    expect(new URLSearchParams(location.search).get("series")).toBe('A {a="1"}');
    expect(new Exploring(recorder).only).toBe('A {a="1"}');
  });

  test("has an id for each series, also where two read the same", async () => {
    const { exploring } = made();
    const metrics = [{ a: "1", b: "2" }, { 'a="1", b': "2" }];
    answers.push(() => Response.json({ status: "success", data: { resultType: "matrix", result: metrics.map((metric) => ({ metric, values: [[1, "2"]] })) } }));
    await exploring.refresh();
    expect(exploring.series.map((one) => one.id)).toEqual(['A {a="1", b="2"}', 'A {a="1", b="2"} 2']);
  });

  test("that takes longer than a live picture lasts is answered all the same", async () => {
    const { exploring, query } = made();
    let come = (_: Response): void => undefined;
    answers.push(() => new Promise<Response>((resolve) => (come = resolve)), good);
    const first = exploring.refresh();
    await exploring.refresh(true);
    expect([signals.length, signals[0]?.aborted]).toEqual([1, false]);
    come(good());
    await first;
    expect([query.rows.length, query.running]).toEqual([1, false]);
    await exploring.refresh(true);
    expect(signals).toHaveLength(2);
  });
});
