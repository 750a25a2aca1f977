import { afterEach, describe, expect, test, vi } from "vitest";
import { NOW, openView } from "./view";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const AT = new Date(NOW - 60_000).toISOString();

describe("the table of an instant", () => {
  test.each([["gone", () => Promise.reject(new TypeError("gone"))], ["signed out", async () => new Response("", { status: 401 })]])("that could not be read since one was %s is missed", async (_, answer) => {
    const page = await openView(`/h/atlas/processes?at=${AT}`);
    const { Flight } = await import("../src/lib/flight.svelte");
    const flight = new Flight(page.recorder, true);
    vi.stubGlobal("fetch", answer);
    await flight.read(NOW, "process");
    expect(flight.missed).toBe(true);
  });
});

describe("the history of one process", () => {
  const A = { pid: 1, start: 10 };
  const B = { pid: 2, start: 20 };

  /** A flight whose answers come when a test lets them, the oldest first. */
  async function asking() {
    const page = await openView("/h/atlas/processes");
    const { Flight } = await import("../src/lib/flight.svelte");
    const waiting: { pid: number; come: (answer: Response) => void }[] = [];
    vi.stubGlobal("fetch", (path: string, { signal }: RequestInit) => new Promise((come, fail) => {
      signal?.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
      waiting.push({ pid: Number(/processes.(\d+)/.exec(path)?.[1]), come });
    }));
    const next = async (status = 200) => {
      const one = waiting.shift();
      one?.come(Response.json(status === 200 ? { status: "success", data: { pid: one.pid, start: 10 * one.pid } } : { status: "error", error: "no disk" }, { status }));
      await page.pass(1);
    };
    return { flight: new Flight(page.recorder, true), next, waiting };
  }

  test("is that of who is open, also where another was for a moment", async () => {
    const { flight, next, waiting } = await asking();
    void flight.readHistory(A, NOW);
    await next();
    void flight.readHistory(B, NOW);
    void flight.readHistory(A, NOW);
    expect(waiting.map((one) => one.pid)).toEqual([2, 1]);
    await next();
    await next();
    expect(flight.history?.pid).toBe(1);
  });

  test("that failed is not that of who was open before, and says so of nobody else", async () => {
    const { flight, next } = await asking();
    void flight.readHistory(A, NOW);
    await next();
    void flight.readHistory(B, NOW);
    await next(500);
    expect([flight.history, flight.historyFailure?.message]).toEqual([null, "no disk"]);
    void flight.readHistory(A, NOW);
    expect(flight.historyFailure).toBeNull();
    await next();
    expect(flight.history?.pid).toBe(1);
  });

  test("is tried again at once where it failed, else in a live view not each second", async () => {
    const { flight, next, waiting } = await asking();
    void flight.readHistory(A, NOW);
    await next(500);
    void flight.readHistory(A, NOW + 1000);
    void flight.readHistory(A, NOW + 2000);
    expect(waiting).toHaveLength(1);
    await next();
    expect([flight.history?.pid, flight.historyFailure]).toEqual([1, null]);
  });
});

describe("a live table", () => {
  /** A flight whose tables come when a test lets them. */
  async function slow() {
    const page = await openView("/h/atlas/processes");
    await page.row(NOW + 1000);
    const { Flight } = await import("../src/lib/flight.svelte");
    const asked: { atS: string | null; group: string | null; come: (answer: Response) => void; signal: AbortSignal | null | undefined }[] = [];
    vi.stubGlobal("fetch", (path: string, { signal }: RequestInit) => {
      if (!path.includes("/processes?")) return Promise.resolve(Response.json({ status: "success", data: { result: [] } }));
      const query = new URLSearchParams(path.split("?")[1]);
      return new Promise((come) => asked.push({ atS: query.get("at"), group: query.get("group"), come, signal }));
    });
    const come = async (place: number) => {
      asked[place]?.come(Response.json({ status: "success", data: { sampled: Number(asked[place]?.atS), at: 0, against: null, rows: [] } }));
      await page.pass(1);
    };
    return { page, flight: new Flight(page.recorder, true), asked, come };
  }

  test("whose answers take longer than a second is shown, and the newest second is asked for after it", async () => {
    const { page, flight, asked, come } = await slow();
    void flight.read(NOW + 1000, "process");
    for (const second of [2, 3]) {
      await page.row(NOW + 1000 * second);
      void flight.read(NOW + 1000 * second, "process");
    }
    expect([asked.length, asked[0]?.signal?.aborted]).toEqual([1, false]);
    await come(0);
    expect(1000 * (flight.table?.sampled ?? 0)).toBe(NOW + 1000);
    expect(asked.map((one) => 1000 * Number(one.atS))).toEqual([NOW + 1000, NOW + 3000]);
    await come(1);
    expect([1000 * (flight.table?.sampled ?? 0), asked.length]).toEqual([NOW + 3000, 2]);
  });

  test("is not waited for by another grouping, nor by a second that is held", async () => {
    const { page, flight, asked, come } = await slow();
    void flight.read(NOW + 1000, "process");
    void flight.read(NOW + 1000, "unit");
    expect([asked[0]?.signal?.aborted, asked[1]?.group]).toEqual([true, "unit"]);
    page.recorder.holdSecond(NOW - 5000);
    void flight.read(NOW - 5000, "unit");
    expect([asked[1]?.signal?.aborted, asked.length]).toEqual([true, 3]);
    await come(1);
    await come(2);
    expect(1000 * (flight.table?.sampled ?? 0)).toBe(NOW - 5000);
    // live again: the held second is no answer to it
    void flight.read(NOW - 6000, "unit");
    page.recorder.backToLive();
    void flight.read(NOW + 1000, "unit");
    expect([asked[3]?.signal?.aborted, asked.length]).toEqual([true, 5]);
    flight.end();
  });
});
