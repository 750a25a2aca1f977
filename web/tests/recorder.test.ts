import { afterEach, describe, expect, test, vi } from "vitest";
import { readAddress, written } from "../src/lib/address";
import { legendOf } from "../src/lib/legend";
import { TRACKS } from "../src/lib/tracks";
import { MINUTE, NOW, openView } from "./view";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const HOUR = 60 * MINUTE;
const held = (fromMs: number, toMs: number, more = "") => `/h/atlas?range=15m&from=${written(fromMs)}&to=${written(toMs)}${more}`;
const FROM = NOW - 2 * HOUR;
const TO = FROM + 15 * MINUTE;

/** How many seconds of a window a column has. */
function known(page: Awaited<ReturnType<typeof openView>>, fromMs: number, toMs: number): number {
  return page.recorder.span("cpu.busy", fromMs, toMs).values.filter((value) => !Number.isNaN(value)).length;
}

describe("what nobody listened to", () => {
  test("is read for as long as the view is, however long it was", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    const back = NOW + 4 * HOUR;
    await page.row(back);
    await page.pass(10);
    expect(known(page, back - 15 * MINUTE, back)).toBe(901);
    expect(page.store.asked.filter(({ fromMs, toMs }) => toMs - fromMs > 20 * MINUTE)).toEqual([]);
  });

  test("and cannot be read is told of, and read again with the next connection", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.store.fails = () => true;
    await page.row(NOW + MINUTE);
    expect(page.recorder.failures["cpu"]?.reason).toBe("disk gone");
    page.store.fails = () => false;
    await page.breaks();
    await page.pass(1000);
    await page.row(NOW + MINUTE + 1000);
    await page.pass(300);
    expect(page.recorder.failures).toEqual({});
    expect(known(page, NOW, NOW + MINUTE)).toBe(61);
  });

  test("and is read when the connection is back is not read twice", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    await page.breaks();
    await page.pass(1000);
    page.store.asked.length = 0;
    await page.row(NOW + MINUTE);
    await page.pass(300);
    expect(known(page, NOW, NOW + MINUTE)).toBe(61);
    expect(Math.max(...page.store.asked.map(({ fromMs, toMs }) => toMs - fromMs))).toBeLessThan(2 * MINUTE);
  });
});

describe("a held view", () => {
  test("that nobody answered is being read until somebody does", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.store.answers = false;
    page.recorder.showAt(FROM, TO - FROM);
    await page.pass(500);
    expect(page.recorder.loading).toBe("Reading 15\u00a0minutes.");
    page.store.answers = true;
    await page.row(NOW + 2000);
    await page.pass(500);
    expect(page.recorder.loading).toBeNull();
    expect(known(page, FROM, TO)).toBe(901);
  });

  test("that was asked for while the stream was broken is read when it is back", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.store.answers = false;
    await page.breaks();
    await page.pass(1000);
    page.recorder.showAt(FROM, TO - FROM);
    await page.pass(500);
    page.store.answers = true;
    await page.row(NOW + 3000);
    await page.pass(500);
    expect(known(page, FROM, TO)).toBe(901);
  });

  test("has no figures of now: those are of the newest row, also after its address was opened", async () => {
    const page = await openView(held(FROM, TO));
    await page.row(NOW + 1000);
    expect(page.recorder.newest("cpu.busy")?.ms).toBe(NOW + 1000);
    page.recorder.retryTracks();
    await page.row(NOW + 2000);
    expect(page.recorder.newest("cpu.busy")?.ms).toBe(NOW + 2000);
    expect(page.recorder.value("cpu.busy")).toBe(TO / 1000);
  });

  test("fills as far as it was yet to come, and no further", async () => {
    const page = await openView(held(NOW - 10_000, NOW + 10_000, `&at=${written(NOW)}`));
    for (let ms = NOW + 1000; ms <= NOW + 8000; ms += 1000) await page.row(ms);
    expect(known(page, NOW - 10_000, NOW + 10_000)).toBe(19);
    const revision = page.recorder.viewRevision;
    for (let ms = NOW + 9000; ms <= NOW + 12_000; ms += 1000) await page.row(ms);
    expect(page.recorder.viewRevision).toBe(revision + 2);
    expect(known(page, NOW - 10_000, NOW + 10_000)).toBe(21);
  });

  test("has the figures of its last second that has come", async () => {
    const page = await openView(held(NOW - MINUTE, NOW + 10_000));
    await page.row(NOW + 1000);
    expect(page.recorder.value("cpu.busy")).toBe((NOW + 1000) / 1000);
    for (let ms = NOW + 2000; ms <= NOW + 14_000; ms += 1000) await page.row(ms);
    expect(page.recorder.value("cpu.busy")).toBe((NOW + 10_000) / 1000);
  });

  test("ends, for who asks about its end, with what has come of it", async () => {
    const page = await openView(held(NOW - MINUTE, NOW + 10_000));
    await page.row(NOW + 1000);
    expect(page.recorder.endMs).toBe(NOW + 1000);
    for (let ms = NOW + 2000; ms <= NOW + 14_000; ms += 1000) await page.row(ms);
    expect(page.recorder.endMs).toBe(NOW + 10_000);
    page.recorder.backToLive();
    expect(page.recorder.endMs).toBe(NOW + 14_000);
  });

  test("of wide buckets fills too", async () => {
    const page = await openView(held(NOW - 3 * HOUR, NOW + 3 * HOUR));
    expect(page.recorder.stepMs).toBe(30_000);
    for (let ms = NOW + 1000; ms <= NOW + 2 * MINUTE; ms += 1000) await page.row(ms, 5);
    expect(known(page, NOW + 30_000, NOW + 3 * HOUR)).toBe(4);
  });
});

test("what is not read yet is not said to be absent", () => {
  const reading = { value: () => NaN, factor: 1, sorted: false, cores: [] };
  const cpu = TRACKS.find((track) => track.id === "cpu");
  if (cpu === undefined) throw new Error("no CPU");
  expect(new Set(legendOf(cpu, reading).map((entry) => entry.text))).toEqual(new Set(["no data"]));
  expect(new Set(legendOf(cpu, { ...reading, unread: true }).map((entry) => entry.text))).toEqual(new Set([""]));
});

describe("a held second", () => {
  test("that was clicked in a live view ends with it", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.recorder.holdSecond(NOW - MINUTE);
    page.recorder.letGo();
    expect(page.recorder.held).toBeNull();
  });

  test("in a zoomed view is let go of, and the zoom stays", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.recorder.zoom({ fromMs: NOW - 5 * MINUTE, toMs: NOW - MINUTE });
    page.recorder.holdSecond(NOW - 2 * MINUTE);
    page.recorder.letGo();
    expect([page.recorder.atMs, page.recorder.held]).toEqual([null, { fromMs: NOW - 5 * MINUTE, toMs: NOW - MINUTE }]);
    page.recorder.letGo();
    expect(page.recorder.held).toBeNull();
  });

  test("stays while it is in sight, whatever becomes of the view", async () => {
    const page = await openView(held(FROM, TO, `&at=${written(FROM + MINUTE)}`));
    await page.row(NOW + 1000);
    page.recorder.zoomBy(0.5);
    expect(page.recorder.atMs).toBe(FROM + MINUTE);
    page.recorder.setRange(5 * MINUTE);
    expect(page.recorder.atMs).toBe(FROM + MINUTE);
    expect(page.recorder.held).toEqual({ fromMs: FROM - 1.5 * MINUTE, toMs: FROM + 3.5 * MINUTE });
    page.recorder.move(-0.5);
    page.recorder.move(-0.5);
    expect(page.recorder.atMs).toBeNull();
  });
});

describe("the view", () => {
  test("that is moved past now is live, as long as it was", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.recorder.zoom({ fromMs: NOW - 4 * MINUTE, toMs: NOW - MINUTE });
    page.recorder.move(0.5);
    expect([page.recorder.held, page.recorder.rangeMs]).toEqual([null, 3 * MINUTE]);
  });

  test("is not dragged past now", async () => {
    const page = await openView(held(FROM, TO));
    await page.row(NOW + 1000);
    page.recorder.drag(NOW - MINUTE, 15 * MINUTE);
    expect(page.recorder.held?.toMs).toBe(NOW + 1000);
  });

  test("that a turn of the wheel zoomed is one step", async () => {
    const page = await openView(held(FROM, TO));
    await page.row(NOW + 1000);
    for (const further of [false, true, true]) page.recorder.zoomBy(0.8, FROM + MINUTE, further);
    page.recorder.letGo();
    expect(page.recorder.held).toEqual({ fromMs: FROM, toMs: TO });
  });
});

describe("the pointer", () => {
  test("that a key moved ends with Esc, before any zoom", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.recorder.zoom({ fromMs: NOW - 5 * MINUTE, toMs: NOW - MINUTE });
    page.recorder.pointBy(-1);
    page.recorder.letGo();
    expect([page.recorder.shownMs, page.recorder.held?.toMs]).toEqual([null, NOW - MINUTE]);
  });

  test("is dropped once the view has left it behind", async () => {
    const page = await openView("/h/atlas?range=5m");
    await page.row(NOW + 1000);
    page.recorder.pointBy(-1);
    await page.row(NOW + 4 * MINUTE);
    expect(page.recorder.shownMs).toBe(NOW);
    await page.row(NOW + 6 * MINUTE);
    expect(page.recorder.shownMs).toBeNull();
  });

  test("has its second in the address of another page", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    page.recorder.point(NOW - MINUTE);
    expect(page.recorder.viewQuery("/h/atlas/processes", page.recorder.shownMs)).toBe(`?range=15m&at=${written(NOW - MINUTE)}`);
    expect(page.recorder.viewQuery("/h/atlas/processes")).toBe("?range=15m");
  });
});

describe("clocks that are set back", () => {
  test("of the host: the view goes back with it", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    await page.row(NOW - HOUR);
    await page.pass(300);
    expect(page.recorder.view.toMs).toBe(NOW - HOUR);
    expect(known(page, NOW - HOUR - 15 * MINUTE, NOW - HOUR)).toBe(901);
    await page.row(NOW - HOUR + 1000);
    expect(page.recorder.newest("cpu.busy")?.ms).toBe(NOW - HOUR + 1000);
  });

  test("a row that is a little late sets nothing back", async () => {
    const page = await openView();
    await page.row(NOW + 2000);
    await page.row(NOW + 1000);
    expect(page.recorder.newestMs).toBe(NOW + 2000);
  });

  test("of the browser: what is counted down goes on", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    await page.breaks();
    vi.setSystemTime(NOW - HOUR);
    await page.pass(600);
    const { connection, upMs } = page.recorder;
    expect(connection.kind === "waiting" ? connection.retryAtMs - upMs : NaN).toBeLessThanOrEqual(1000);
    expect(connection.kind === "waiting" ? connection.retryAtMs - upMs : NaN).toBeGreaterThan(0);
  });

  test("of the browser: how long nothing was heard is by another clock", async () => {
    const page = await openView();
    await page.row(NOW + 1000);
    vi.setSystemTime(NOW - HOUR);
    await page.pass(5000);
    expect(page.recorder.silentMs).toBeGreaterThan(4000);
  });
});

describe("a tick without a sample of the host", () => {
  test("is none while nothing of it is known", async () => {
    const page = await openView("/h/atlas", false);
    await page.row(NOW + 1000, null);
    expect(page.recorder.newestMs).toBe(0);
    await page.row(NOW + 2000);
    expect(page.recorder.newestMs).toBe(NOW + 2000);
    await page.row(NOW + 3000, null);
    expect(page.recorder.newestMs).toBe(NOW + 3000);
  });

  test.each([["/h/atlas", true], [held(FROM, TO), true], ["/h/other", false]])("counts at %s, something stored: %s", async (address, stored) => {
    const page = await openView(address, stored);
    await page.row(NOW + 1000, null);
    expect(page.recorder.newestMs).toBe(NOW + 1000);
  });
});

describe("a server that does not answer at first", () => {
  test("is tried by one countdown, however often somebody tries by hand", async () => {
    const page = await openView("/h/atlas", true, { answers: false });
    for (let i = 0; i < 5; i++) page.recorder.retry();
    await page.pass(100);
    const before = page.store.tries;
    await page.pass(9500);
    expect(page.store.tries - before).toBe(3);
    page.store.answers = true;
    await page.pass(3000);
    expect(page.recorder.host).toBe("atlas");
  });

  test("says how alerts stand once it does: what was asked of them meanwhile is asked again, also where nothing changed", async () => {
    const page = await openView();
    const now = { version: 4, counts: { needs: 0, acknowledged: 0, silenced: 0, pending: 0, worst: "" } };
    page.says("alerts", now);
    const before = page.recorder.alertsSaid;
    await page.breaks();
    await page.pass(1500);
    page.says("alerts", now);
    expect(page.recorder.alertsSaid).toBe(before + 1);
  });
});

test("an address that the browser did not take for a while is written in the end", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  await page.pass(300);
  const { replaceState } = history;
  history.replaceState = () => {
    throw new DOMException("more than 100 times per 30 seconds", "SecurityError");
  };
  page.recorder.showAt(FROM, 15 * MINUTE);
  await page.pass(300);
  expect(location.search).not.toContain("from=");
  history.replaceState = replaceState;
  await page.pass(2500);
  expect(location.search).toContain(`from=${written(FROM)}`);
});

test("a track that the stream refuses at one tick is refused no longer at the next", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const count = page.recorder.asked.length;
  page.says("schema", { exprs: Array.from({ length: count }, () => []), errors: Array.from({ length: count }, () => "more samples than may be touched") });
  expect(page.recorder.failures["cpu"]?.reason).toBe("more samples than may be touched");
  await page.row(NOW + 2000);
  expect(page.recorder.failures).toEqual({});
});

test("what the store refused is not given by the stream", async () => {
  const page = await openView();
  page.store.fails = () => true;
  await page.row(NOW + 1000);
  page.recorder.setRange(HOUR);
  await page.pass(300);
  expect(page.recorder.failures["cpu"]?.kind).toBe("failed");
  await page.row(NOW + 2000);
  expect(page.recorder.failures["cpu"]?.kind).toBe("failed");
});

test("what has arrived since is counted from the hold, also where an address held the view", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  page.recorder.follow(readAddress("/h/atlas", new URL(held(FROM, TO), "http://atlas").search));
  await page.row(NOW + 3000);
  expect(page.recorder.arrivedMs).toBe(2000);
});

test("a second that came alone has a window as soon as a person gave it one", async () => {
  const page = await openView(`/h/atlas?at=${written(FROM)}`);
  await page.row(NOW + 1000);
  const { recorder } = page;
  expect(recorder.cameAlone).toBe(true);
  recorder.showAt(FROM - 10 * MINUTE, 20 * MINUTE);
  recorder.follow(readAddress("/h/atlas/processes", recorder.viewQuery("/h/atlas/processes")));
  expect([recorder.cameAlone, recorder.atMs]).toEqual([false, FROM]);
});
