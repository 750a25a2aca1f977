import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Alerting } from "../src/lib/alertlist.svelte";
import { alert, listOf, say } from "./alertsmade";

const UNTIL_FIXED = { reason: "", until: null, sticky: false };
/** What was written to the server: the path's end, and which alerts. */
const written: string[] = [];
let refuses = false;

beforeEach(() => {
  written.length = 0;
  refuses = false;
  vi.stubGlobal("fetch", async (path: string, { method, body }: { method: string; body?: URLSearchParams }) => {
    await new Promise((go) => setTimeout(go, 1));
    if (method === "GET") return Response.json({ status: "success", data: listOf(alert(1)) });
    written.push(`${path.split("/").at(-1)} ${body?.getAll("id").join()}`);
    return refuses ? Response.json({ status: "error", error: "no" }, { status: 409 }) : Response.json({ status: "success", data: {} });
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("an alert", () => {
  test("is acknowledged once, however often it is asked for before the server has stored it", async () => {
    const alerting = new Alerting(say);
    const asked = [alerting.acknowledge([alert(1), alert(1)], UNTIL_FIXED), alerting.acknowledge([alert(1), alert(2)], UNTIL_FIXED), alerting.acknowledge([alert(1)], UNTIL_FIXED)];
    expect(await Promise.all(asked)).toEqual([true, true, false]);
    expect(written).toEqual(["ack 1", "ack 2"]);
    expect(alerting.busy.size).toBe(0);
    alerting.end();
  });

  test("is taken back once, and can be taken back still where the server refused", async () => {
    const alerting = new Alerting(say);
    await alerting.acknowledge([alert(1)], UNTIL_FIXED);
    refuses = true;
    const ids = alerting.done?.ids ?? [];
    expect(await Promise.all([alerting.takeBack(ids), alerting.takeBack(ids)])).toEqual([false, false]);
    expect([written.slice(1), alerting.done?.ids]).toEqual([["unack 1"], [1]]);
    expect(alerting.refused).toContain("Nothing was taken back");
    refuses = false;
    expect([await alerting.takeBack(ids), alerting.done, alerting.refused]).toEqual([true, null, null]);
    alerting.end();
  });
});
