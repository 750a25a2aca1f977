import { afterEach, expect, test, vi } from "vitest";
import { MINUTE, NOW, openView } from "./view";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the sentence rests for ten seconds, also where the browser's clock was set back meanwhile", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const { Overview } = await import("../src/lib/overview.svelte");
  const overview = new Overview(page.recorder);
  Object.assign(overview, { minute: { cpu: 10, pressure: 0 }, searched: true });
  const said = () => overview.sentence.parts.map((part) => part.text).join("");
  const calm = said();
  Object.assign(overview, { minute: { cpu: 95, pressure: 0 } });
  await page.pass(2000);
  expect(said()).toBe(calm);
  vi.setSystemTime(NOW - 60 * MINUTE);
  await page.pass(12_000);
  await page.row(NOW + 16_000);
  vi.setSystemTime(NOW - 60 * MINUTE);
  await page.pass(1000);
  expect(said()).toContain("Busy");
});

test("the sparklines of sums have the most of each wide bucket, as others do", async () => {
  const page = await openView("/h/atlas?range=24h");
  const { Overview } = await import("../src/lib/overview.svelte");
  const overview = new Overview(page.recorder);
  const end = overview.start();
  await page.row(NOW + 1000);
  await page.pass(300);
  overview.measure();
  const known = (values: Float64Array | undefined) => values?.filter((value) => !Number.isNaN(value)).length;
  for (const tile of ["cpu", "pressure", "disk", "network"]) {
    expect(known(overview.highs[tile])).toBe(known(overview.spans[tile]));
    expect(known(overview.spans[tile])).toBeGreaterThan(100);
  }
  end();
});

test("an answer that comes after that of a later question is not shown", async () => {
  const page = await openView();
  await page.row(NOW + 1000);
  const { Overview } = await import("../src/lib/overview.svelte");
  const overview = new Overview(page.recorder);
  const waiting: ((answer: Response) => void)[] = [];
  vi.stubGlobal("fetch", () => new Promise((come) => waiting.push(come)));
  const asked = [overview.readMinute(), overview.readMinute(), overview.readMinute()];
  const minute = (cpu: string) => Response.json({ status: "success", data: { result: [{ metric: { what: "cpu" }, value: [0, cpu] }] } });
  waiting[1]?.(minute("20"));
  await asked[1];
  waiting[0]?.(Response.json({ status: "error", error: "no disk" }, { status: 500 }));
  await asked[0];
  expect([overview.failures.minute, Reflect.get(overview, "minute")]).toEqual([null, { cpu: 20, pressure: null }]);
  waiting[2]?.(minute("30"));
  await asked[2];
  expect(Reflect.get(overview, "minute")).toEqual({ cpu: 30, pressure: null });
});
