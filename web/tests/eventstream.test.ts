import { afterEach, expect, test, vi } from "vitest";
import { EventStream } from "../src/lib/eventstream";

const BYTES = new TextEncoder();

/** A server that answers with a status, and what its stream does. */
function serve(status: number, feed: (send: (bytes: Uint8Array) => void, end: ReadableStreamDefaultController) => void) {
  const asked: { address: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    asked.push({ address, init });
    const body = new ReadableStream({
      start: (controller) => {
        init.signal?.addEventListener("abort", () => controller.error(new DOMException("", "AbortError")));
        feed((bytes) => controller.enqueue(bytes), controller);
      },
    });
    return new Response(body, { status });
  });
  return asked;
}

/** What is heard, until the stream is over. */
function listen(stream: EventStream, ...names: string[]): { told: string[]; over: Promise<void> } {
  const told: string[] = [];
  for (const name of ["open", ...names]) stream.on(name, (data) => told.push(`${name} ${data}`.trim()));
  const over = new Promise<void>((resolve) => stream.on("error", () => resolve(void told.push("error"))));
  return { told, over };
}

afterEach(() => vi.unstubAllGlobals());

test("a stream is asked for with a form, however long it is, and tells events in whatever pieces they come", async () => {
  const bytes = BYTES.encode('event: schema\ndata: {"name":"größe"}\n\nevent: row\ndata: [1]\n\nevent: other\ndata: 2\n\nevent: row\ndata: [');
  const asked = serve(200, (send, end) => {
    for (const byte of bytes) send(Uint8Array.of(byte));
    end.close();
  });
  const { told, over } = listen(new EventStream("/live", new URLSearchParams({ expr: "x".repeat(100_000) })), "schema", "row");
  await over;
  expect(told).toEqual(["open", 'schema {"name":"größe"}', "row [1]", "error"]);
  expect(asked.map(({ address, init }) => [address, init.method, String(init.body).length])).toEqual([["/live", "POST", 100_005]]);
});

test.each([400, 401, 503])("an answer of %i is an error, and nothing of it an event", async (status) => {
  serve(status, (send, end) => {
    send(BYTES.encode("event: row\ndata: 1\n\n"));
    end.close();
  });
  const { told, over } = listen(new EventStream("/live", new URLSearchParams()), "row");
  await over;
  expect(told).toEqual(["error"]);
});

test("a server that is not there, and a connection that is lost, are errors", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const absent = listen(new EventStream("/live", new URLSearchParams()));
  await absent.over;
  serve(200, (send, end) => {
    send(BYTES.encode("event: row\ndata: 1\n\n"));
    setTimeout(() => end.error(new TypeError("network error")), 5);
  });
  const lost = listen(new EventStream("/live", new URLSearchParams()), "row");
  await lost.over;
  expect([absent.told, lost.told]).toEqual([["error"], ["open", "row 1", "error"]]);
});

test("of a stream that was closed nothing is heard any more", async () => {
  let send: (bytes: Uint8Array) => void = () => undefined;
  const asked = serve(200, (given) => (send = given));
  const stream = new EventStream("/live", new URLSearchParams());
  const { told } = listen(stream, "row");
  await vi.waitFor(() => expect(told).toEqual(["open"]));
  send(BYTES.encode("event: row\ndata: 1\n\n"));
  stream.close();
  await new Promise((done) => setTimeout(done, 10));
  expect(told).toEqual(["open"]);
  expect(asked[0]?.init.signal?.aborted).toBe(true);
});
