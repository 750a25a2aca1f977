import { afterEach, expect, test, vi } from "vitest";
import type { Question } from "../src/lib/asking";
import { type Connection, Live } from "../src/lib/live";

const BYTES = new TextEncoder();
const SCHEMA = 'event: schema\ndata: {"exprs":[]}\n\n';

/** A server of live streams; each that was asked for can be spoken through, and tells whether the page has left it. */
function serve() {
  const streams: { say: (text: string) => void; left: boolean }[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const stream = { say: (text: string) => controller.enqueue(BYTES.encode(text)), left: false };
        init.signal?.addEventListener("abort", () => {
          stream.left = true;
          controller.error(new DOMException("", "AbortError"));
        });
        streams.push(stream);
      },
    });
    return new Response(body);
  });
  return streams;
}

function open() {
  const seen: string[] = [];
  const events = {
    schema: () => void seen.push("schema"),
    row: (at: number) => void seen.push(`row ${at}`),
    changed: (connection: Connection) => void seen.push(connection.kind),
    alerts: () => {},
    session: async () => "good" as const,
  };
  const live = new Live((question) => String(question), events);
  live.open();
  return { live, seen };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

/** A page that is live and has asked for more, which the server has not answered yet. */
async function askedForMore() {
  vi.useFakeTimers();
  const streams = serve();
  const opened = open();
  await settle();
  streams[0]!.say(SCHEMA);
  await settle();
  opened.live.ask(["more" as unknown as Question]);
  await settle();
  return { streams, ...opened };
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a stream that asks for more takes over when it speaks, and until then the old one goes on", async () => {
  const { streams, live, seen } = await askedForMore();
  streams[0]!.say("event: row\ndata: [1]\n\n");
  await settle();
  streams[1]!.say(SCHEMA + "event: row\ndata: [2]\n\n");
  await settle();
  expect(seen).toEqual(["opening", "schema", "open", "row 1", "schema", "open", "row 2"]);
  expect(streams.map(({ left }) => left)).toEqual([true, false]);
  live.close();
});

test("a stream that asks for more and never speaks is given up, and asked for again", async () => {
  const { streams, live, seen } = await askedForMore();
  for (let second = 0; second < 19; second += 1) {
    streams[0]!.say("event: row\ndata: [1]\n\n");
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(streams.map(({ left }) => left)).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(2500);
  expect(streams.map(({ left }) => left)).toEqual([true, true, false]);
  streams[2]!.say(SCHEMA);
  await vi.advanceTimersByTimeAsync(30);
  expect(seen.slice(-4)).toEqual(["waiting", "opening", "schema", "open"]);
  live.close();
});
