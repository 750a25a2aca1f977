// Server-sent events that are asked for by POST: an EventSource can only GET, and what the page asks for is longer than the
// address that proxies pass. Tells of events as an EventSource does; it does not connect again.

type Hear = (data: string) => void;

export class EventStream {
  private readonly ending = new AbortController();
  private readonly heard = new Map<string, Hear>();

  constructor(address: string, form: URLSearchParams) {
    void this.run(address, form);
  }

  /** Have an event's data, one hearer each: those that the server names, `open`, and `error` when it is over or never was. */
  on(name: string, hear: Hear): void {
    this.heard.set(name, hear);
  }

  /** Nothing is heard of it any more. */
  close(): void {
    this.ending.abort();
  }

  private tell(name: string, data = ""): void {
    if (this.ending.signal.aborted) return;
    try {
      this.heard.get(name)?.(data);
    } catch (error) {
      // a hearer's mistake is told as any other, and the stream goes on
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  private async run(address: string, form: URLSearchParams): Promise<void> {
    try {
      const headers = { Accept: "text/event-stream" };
      const answer = await fetch(address, { method: "POST", body: form, headers, credentials: "same-origin", signal: this.ending.signal });
      if (answer.ok && answer.body !== null) {
        this.tell("open");
        await this.read(answer.body);
      }
    } catch {
      // the connection is lost, or nobody wants it any more
    }
    this.tell("error");
  }

  private async read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) this.event(block);
    }
  }

  private event(block: string): void {
    let name = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("event:")) name = line.slice(6).trimStart();
      if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
    }
    this.tell(name, data.join("\n"));
  }
}
