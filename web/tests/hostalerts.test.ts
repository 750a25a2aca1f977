import { describe, expect, test } from "vitest";
import type { Alert, Transition } from "../src/lib/alerts";
import { countsText, firedOf, ofHost, openAlerts, titleOf } from "../src/lib/hostalerts";

const RULE = { file: "f", group: "g", name: "PressureHigh", line: 1, expression: "rate(node_pressure_io_waiting_seconds_total[1m]) > 0.2", limit: 0.2, is_above: true };
const alert = (id: number, more: Partial<Alert> = {}): Alert =>
  ({ id, title: "web-1: I/O pressure high", severity: "warning", state: "firing", part: "needs", host: "web-1", began: 90, fired: 100, ended: null, rule: RULE, ...more }) as Alert;
const happened = (alert: number, kind: string, at: number): Transition => ({ number: at, alert, title: `t${alert}`, at, kind, severity: "critical", actor: "", text: "" });

describe("alerts of one host", () => {
  test("its own, and those of no host", () => {
    expect(ofHost([alert(1), alert(2, { host: "" }), alert(3, { host: "other" })], "web-1").map((one) => one.id)).toEqual([1, 2]);
    expect(titleOf("web-1: full", "web-1")).toBe("full");
    expect(titleOf("web-10: full", "web-1")).toBe("web-10: full");
    expect(titleOf(": full", "")).toBe(": full");
    expect(titleOf("CPU pressure high on web-1 (92 %)", "web-1")).toBe("CPU pressure high (92 %)");
    expect(titleOf("Clock off on web-1", "web-1")).toBe("Clock off");
    expect(titleOf("Full on web-1-backup (92 %)", "web-1")).toBe("Full on web-1-backup (92 %)");
    expect(titleOf("Backup on web-1 failed", "web-1")).toBe("Backup on web-1 failed");
  });

  test("the open ones for the sentence", () => {
    const acknowledged = alert(2, { part: "acknowledged", fired: null });
    expect(openAlerts([alert(1), acknowledged, alert(3, { part: "silenced" }), alert(4, { part: "pending" })], "web-1")).toEqual([
      { id: "1", title: "I/O pressure high", severity: "warning", later: false, acknowledged: false, sinceMs: 100_000 },
      { id: "2", title: "I/O pressure high", severity: "warning", later: false, acknowledged: true, sinceMs: 90_000 },
    ]);
  });

  test.each([
    ["a forecast", { rule: { ...RULE, expression: "predict_linear(x[1d], 9) < 0" } }],
    ["a disk that fills up", { rule: { ...RULE, name: "DiskFillingUp" } }],
    ["a ticket", { severity: "ticket" }],
  ])("%s is for later", (_, more) => expect(openAlerts([alert(1, more)], "web-1")[0]?.later).toBe(true));

  test("how many", () => {
    expect(countsText([alert(1), alert(2, { part: "acknowledged" }), alert(3, { part: "silenced" })])).toBe("1 open, 1 acknowledged, 1 silenced");
    expect(countsText([])).toBe("");
  });

  test("when they fired and ended in a day", () => {
    const found = firedOf([happened(1, "resolved", 50), happened(2, "fired", 40), happened(1, "fired", 30), happened(3, "fired", 20)], (id) => id === 2);
    expect(found.map(({ id, fromMs, toMs }) => [id, fromMs, toMs])).toEqual([
      ["2", 40_000, null],
      ["1", 30_000, 50_000],
      ["3", 20_000, 20_000],
    ]);
  });
});
