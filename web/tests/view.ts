// A recorder without a browser, for tests: a store that answers range queries with the second itself, a stream that rows are
// sent through, and a clock that the test moves.

import { vi } from "vitest";
import type { Recorder } from "../src/lib/recorder.svelte";

/** The host's second when a test begins. */
export const NOW = 1_795_435_200_000;
export const MINUTE = 60_000;
// the first test of a file loads the page's code
vi.setConfig({ testTimeout: 30_000 });

/** As the server: a query of more points is refused. */
const MOST_POINTS = 11_000;

class Stream {
  static all: Stream[] = [];
  private readonly heard = new Map<string, (data: string) => void>();
  constructor(
    readonly address: string,
    readonly form: URLSearchParams,
  ) {
    Stream.all.push(this);
  }
  on(name: string, hear: (data: string) => void): void {
    this.heard.set(name, hear);
  }
  close(): void {
    Stream.all = Stream.all.filter((stream) => stream !== this);
  }
  say(name: string, data: unknown): void {
    this.heard.get(name)?.(JSON.stringify(data));
  }
}

export interface Page {
  recorder: Recorder;
  /** Whether the server answers, and what it was asked. */
  store: { answers: boolean; /** How often anything was asked. */ tries: number; asked: { query: string; fromMs: number; toMs: number }[]; fails: (query: string) => boolean };
  /** A tick: every series has the second, or a value. */
  row: (ms: number, value?: number | null) => Promise<void>;
  /** The stream says something else than ticks. */
  says: (name: string, data: unknown) => void;
  /** The stream breaks; it is tried again a second later. */
  breaks: () => Promise<void>;
  /** Let so much time pass. */
  pass: (ms: number) => Promise<void>;
}

/** Open the page at an address, with the host's clock at `NOW`, and something of it stored or nothing. */
export async function openView(address = "/h/atlas", stored = true, { answers = true } = {}): Promise<Page> {
  vi.useFakeTimers({ now: NOW });
  Stream.all = [];
  const store: Page["store"] = { answers, tries: 0, asked: [], fails: () => false };
  const place = new URL(address, "http://atlas");
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
  vi.stubGlobal("location", place);
  vi.stubGlobal("history", { state: null, replaceState: (_: unknown, __: string, path: string) => (place.href = new URL(path, place).href) });
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false, querySelector: () => null }));
  vi.stubGlobal("requestAnimationFrame", (work: () => void) => setTimeout(work, 16));
  vi.doMock("../src/lib/eventstream", () => ({ EventStream: Stream }));
  vi.stubGlobal("fetch", async (path: string, { body }: { body?: URLSearchParams } = {}) => {
    store.tries += 1;
    if (!store.answers) throw new TypeError("Failed to fetch");
    const json = (status: number, words: object) => new Response(JSON.stringify(words), { status });
    if (path.endsWith("/status")) return json(200, { status: "success", data: { instance: "atlas", interval_ms: 1000, store_read_only: false, store_reason: "" } });
    const query = body?.get("query") ?? "";
    const [from, to, step] = ["start", "end", "step"].map((name) => Number(body?.get(name))) as [number, number, number];
    store.asked.push({ query, fromMs: 1000 * from, toMs: 1000 * to });
    if (store.fails(query)) return json(500, { status: "error", error: "disk gone" });
    if ((to - from) / step > MOST_POINTS) return json(422, { status: "error", error: "more than 11,000 steps" });
    const values: [number, string][] = [];
    for (let at = from; stored && at <= Math.min(to, Date.now() / 1000); at += step) values.push([at, String(at)]);
    return json(200, { status: "success", data: { resultType: "matrix", result: [{ metric: { mode: "user", cpu: "0" }, values }] } });
  });
  const { Recorder } = await import("../src/lib/recorder.svelte");
  const recorder = new Recorder();
  recorder.widthPx = 1000;
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms).then(() => undefined);
  const schema = () => {
    const stream = Stream.all.at(-1);
    const count = stream?.form.getAll("expr").length ?? 0;
    stream?.say("schema", { exprs: Array.from({ length: count }, () => [{ mode: "user", cpu: "0" }]) });
    return count;
  };
  const row = async (ms: number, value: number | null = ms / 1000) => {
    vi.setSystemTime(Math.max(ms, Date.now()));
    const count = schema();
    Stream.all.at(-1)?.say("row", [ms, ...Array.from({ length: count }, () => value)]);
    await pass(0);
  };
  const breaks = async () => {
    Stream.all.at(-1)?.say("error", null);
    await pass(0);
  };
  const says = (name: string, data: unknown) => Stream.all.at(-1)?.say(name, data);
  void recorder.start();
  await pass(300);
  return { recorder, store, row, says, breaks, pass };
}
