import { describe, expect, test } from "vitest";
import { alertEvents, around, eventWords, isGrave, neighbour, showInstant } from "../src/lib/today";

const event = (kind: string, more = {}) => ({ at: 0, kind, subject: "", missing: 0, until: 0, count: 1, ...more });

describe("events in words", () => {
  test.each([
    [event("boot"), "The machine was started"],
    [event("boot", { missing: 101 }), "1 min 41 s without data: the machine was started"],
    [event("start"), "Barograph was started"],
    [event("start", { missing: 28.4 }), "28 s without data: Barograph was started again"],
    [event("gap", { missing: 11 }), "11 s without data"],
    [event("oom"), "Out of memory: a process was killed"],
    [event("oom", { count: 3 }), "Out of memory: 3 processes were killed"],
    [event("unit_started", { subject: "shop.service" }), "shop.service started"],
    [event("unit_started", { subject: "shop.service", count: 5 }), "shop.service started 5 times"],
    [event("unit_stopped", { subject: "shop.service" }), "shop.service stopped"],
    [event("unit_failed", { subject: "<b>.service" }), "<b>.service failed"],
    [event("alert_fired", { subject: "/ is 91 % full" }), "/ is 91 % full: fired"],
    [event("alert_resolved", { subject: "/ is 91 % full" }), "/ is 91 % full: resolved"],
    [event("agent_updated", { subject: "1.2.0" }), "1.2.0 agent updated"],
  ])("%o", (told, words) => expect(eventWords(told).replaceAll("\u00a0", " ")).toBe(words));

  test("alerts are events too", () => {
    const told = [{ kind: "fired", at: 5, title: "web-1: / is full" }, { kind: "acknowledged", at: 6, title: "x" }];
    expect(alertEvents(told, "web-1")).toEqual([{ at: 5, kind: "alert_fired", subject: "/ is full", missing: 0, until: 0, count: 1 }]);
  });

  test("some are grave", () => {
    expect(["oom", "unit_failed", "boot"].map((kind) => isGrave(event(kind)))).toEqual([true, true, false]);
  });

  test("the view around one has it in the middle, or ends now", () => {
    expect(around(1000, 200, 5000)).toEqual({ fromMs: 900, toMs: 1100 });
    expect(around(4950, 200, 5000)).toEqual({ fromMs: 4800, toMs: 5000 });
    expect(around(4950, 200, 0)).toEqual({ fromMs: 4750, toMs: 4950 });
  });
});

describe("going through the day", () => {
  test("finds the nearest before and after, and stops at the ends", () => {
    expect([neighbour([5, 1, 3], 3, -1), neighbour([5, 1, 3], 3, 1), neighbour([5, 1, 3], 1, -1), neighbour([], 3, 1)]).toEqual([1, 5, null, null]);
  });

  test("shows an instant in the middle and holds it", () => {
    const did: unknown[] = [];
    const recorder = { viewRangeMs: 1000, newestMs: 9000, showAt: (from: number, range: number) => did.push([from, range]), holdSecond: (ms: number) => did.push(ms) };
    showInstant(recorder, 5000);
    expect(did).toEqual([[4500, 1000], 5000]);
  });
});
