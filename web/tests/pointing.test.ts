import { afterEach, expect, test, vi } from "vitest";
import { Pointing } from "../src/lib/pointing.svelte";
import { MINUTE, NOW, type Page, openView } from "./view";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Plots 1,000 px wide, of which a pointer is sent events; `ends` takes them away. */
function plots(page: Page) {
  const element = Object.assign(new EventTarget(), { getBoundingClientRect: () => ({ left: 0 }), setPointerCapture: () => undefined, closest: () => element });
  const place = { element: element as unknown as HTMLElement, leftPx: 0, plotPx: 1000 };
  const pointing = new Pointing(() => page.recorder, () => place);
  const ends = pointing.attach(place.element);
  const send = (name: string, more: object) => {
    const event = new Event(name, { cancelable: true });
    for (const [key, value] of Object.entries({ pointerId: 1, button: 0, pointerType: "mouse", ...more })) Object.defineProperty(event, key, { value });
    element.dispatchEvent(event);
  };
  return { send, ends, pointing };
}

test("the ticks of one turn of the wheel are one step back, another turn is another", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const { send } = plots(page);
  const turn = (timeStamp: number) => send("wheel", { ctrlKey: true, deltaY: -1, clientX: 500, timeStamp });
  [1000, 1100, 1200, 3000].forEach(turn);
  page.recorder.letGo();
  expect(page.recorder.held).not.toBeNull();
  page.recorder.letGo();
  expect(page.recorder.held).toBeNull();
});

test("the wheel keeps the second that is held", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  page.recorder.holdSecond(NOW - 7 * MINUTE);
  plots(page).send("wheel", { ctrlKey: true, deltaY: -1, clientX: 500, timeStamp: 1 });
  expect(page.recorder.atMs).toBe(NOW - 7 * MINUTE);
});

test("a drag with Shift ends at now", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const { send } = plots(page);
  send("pointerdown", { clientX: 800 });
  send("pointermove", { clientX: 100, shiftKey: true });
  expect(page.recorder.held?.toMs).toBe(NOW + 1000);
});

test("so do two fingers", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const { send } = plots(page);
  send("pointerdown", { clientX: 100, pointerType: "touch" });
  send("pointerdown", { clientX: 200, pointerType: "touch", pointerId: 2 });
  send("pointermove", { clientX: 160, pointerType: "touch", pointerId: 2 });
  expect(page.recorder.held?.toMs).toBe(NOW + 1000);
});

test("a key's pointer stays though a mouse rests there, and ends with the plots", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const { send, ends, pointing } = plots(page);
  send("pointermove", { clientX: 500 });
  page.recorder.pointBy(-3);
  const shownMs = page.recorder.shownMs;
  await page.row(NOW + 2000);
  pointing.again();
  expect(page.recorder.shownMs).toBe(shownMs);
  ends();
  expect(page.recorder.shownMs).toBeNull();
});
