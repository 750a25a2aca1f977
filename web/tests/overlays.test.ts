import { describe, expect, test } from "vitest";
import type { Alert } from "../src/lib/alerts";
import { type Region, labelsOf } from "../src/lib/regions";
import { Overlays } from "../src/lib/overlays.svelte";
import type { Recorder } from "../src/lib/recorder.svelte";
import { causeOf, eachOnce, gapReason, gapsOf, recordedIn, regionsOf, spelledOut } from "../src/lib/overlays";

const alert = (more: Partial<Alert> & { expression?: string; limit?: number | null } = {}): Alert =>
  ({
    id: 7, title: "I/O pressure high", severity: "warning", state: "resolved", host: "atlas", began: 90, fired: 100, ended: 300,
    rule: { expression: more.expression ?? "rate(node_pressure_io_waiting_seconds_total[15s]) > 0.2", limit: more.limit === undefined ? 0.2 : more.limit },
    ...more,
  }) as unknown as Alert;

describe("what an alert is about", () => {
  test.each([
    ["rate(node_pressure_io_waiting_seconds_total[15s])", "pressure"],
    ['1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m]))', "cpu"],
    ["node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "memory"],
    ["100 * (1 - node_memory_SwapFree_bytes / node_memory_SwapTotal_bytes)", "swap"],
    ["rate(node_disk_io_time_seconds_total[5m])", "disk"],
    ["rate(node_netstat_Tcp_RetransSegs[5m])", "network"],
    ["node_hwmon_temp_celsius", "temperature"],
    ["rate(node_disk_read_bytes_total[1m]) and node_load1 > 4", "disk"],
    ["node_filesystem_avail_bytes", null],
    ["up == 0", null],
  ])("%s", (expression, track) => expect(causeOf(expression)).toBe(track));
});

describe("alerts of two answers", () => {
  test("that ended between them are told once, as ended", () => {
    const [live, other, ended] = [alert({ ended: null }), alert({ id: 8, ended: null }), alert()];
    const regions = eachOnce([live, other], [ended, alert({ id: 9 })]).flatMap((one) => regionsOf(one, "atlas"));
    expect(regions.map(({ id, toMs }) => [id, toMs])).toEqual([
      ["7 pending", 100_000], ["7 fired", 300_000], ["8 pending", 100_000], ["8 fired", null], ["9 pending", 100_000], ["9 fired", 300_000],
    ]);
  });
});

describe("regions of an alert", () => {
  test("pending without a limit, then fired with it, in units of the axis", () => {
    expect(regionsOf(alert(), "atlas").map(({ id, cause, touches, fromMs, toMs, state, limit }) => [id, cause, touches, fromMs, toMs, state, limit])).toEqual([
      ["7 pending", "pressure", ["cpu", "disk"], 90_000, 100_000, "pending", undefined],
      ["7 fired", "pressure", ["cpu", "disk"], 100_000, 300_000, "resolved", 20],
    ]);
  });

  test("what fires has no end, what is pending alone does not fire", () => {
    expect(regionsOf(alert({ ended: null }), "atlas").at(-1)).toMatchObject({ toMs: null, state: "firing" });
    expect(regionsOf(alert({ fired: null, ended: null }), "atlas").map((region) => region.state)).toEqual(["pending"]);
  });

  test("a limit in percent stays, and one in another unit than the axis is none", () => {
    expect(regionsOf(alert({ expression: "100 * rate(node_pressure_io_waiting_seconds_total[1m])", limit: 0.5 }), "atlas").at(-1)?.limit).toBe(0.5);
    expect(regionsOf(alert({ expression: "rate(node_pressure_cpu_waiting_seconds_total[1m]) * 100", limit: 60 }), "atlas").at(-1)?.limit).toBe(60);
    expect(regionsOf(alert({ expression: "node_memory_MemAvailable_bytes", limit: 5 }), "atlas").at(-1)?.limit).toBeUndefined();
    expect(regionsOf(alert({ limit: null }), "atlas").at(-1)?.limit).toBeUndefined();
  });

  test("alerts of another host, or of what no track shows, are none", () => {
    expect(regionsOf(alert({ host: "other" }), "atlas")).toEqual([]);
    expect(regionsOf(alert({ expression: "node_filesystem_avail_bytes" }), "atlas")).toEqual([]);
    expect(regionsOf(alert({ host: "" }), "atlas")).toHaveLength(2);
  });

  test("what is silenced is none, and the host is not named again", () => {
    expect(regionsOf(alert({ part: "silenced" }), "atlas")).toEqual([]);
    expect(regionsOf(alert({ title: "atlas: I/O pressure high" }), "atlas")[0]?.label).toBe("I/O pressure high");
  });

  test("a severity of one's own is no alarm", () => expect(regionsOf(alert({ severity: "other" }), "atlas")[0]?.severity).not.toBe("critical"));
});

describe("alerts of what another rule records", () => {
  // as thresholds compile, the stock alerts among them
  const recorded = new Map([["threshold:CpuPressure", "100 * rate(node_pressure_cpu_waiting_seconds_total[5m])"], ["a:b", "c:d"], ["c:d", "a:b"]]);
  const expression = 'threshold:CpuPressure > 70\nor\nthreshold:CpuPressure > 50\n  and ignoring (severity) ALERTS{alertname="CpuPressure"}';

  test("are about what that one looks at", () => {
    const made = alert({ expression, limit: 0.7 });
    expect(regionsOf(made, "atlas")).toEqual([]);
    expect(regionsOf(made, "atlas", recorded).map((region) => [region.cause, region.touches, region.limit, region.column])).toEqual([
      ["pressure", ["cpu", "core"], undefined, undefined],
      ["pressure", ["cpu", "core"], 0.7, "pressure.cpusome"],
    ]);
  });

  test("name it, and nothing else has a colon", () => {
    expect(recordedIn(expression)).toEqual(["threshold:CpuPressure"]);
    expect(recordedIn('max_over_time(x[5m:1m]) > 1 and {__name__="no:thing"} offset 1d')).toEqual([]);
    expect(spelledOut("a:b > 1", recorded)).toContain(":");
  });
});

describe("why there was no data", () => {
  // as the server tells them: a start by the last sample before it, a boot by the kernel's own word
  const event = (at: number, kind: string, missing: number, until = 200) => ({ at, kind, subject: "", missing, until: missing > 0 ? until : 0, count: 1 });
  test("what happened in it", () => {
    expect(gapReason([event(172, "gap", 28), event(172, "start", 28)], { fromMs: 172_000, toMs: 200_000 })).toBe("Barograph was started again");
    expect(gapReason([event(181, "boot", 28)], { fromMs: 172_000, toMs: 200_000 })).toBe("the machine was started");
    // wide buckets have other ends
    expect(gapReason([event(172, "start", 28)], { fromMs: 150_000, toMs: 210_000 })).toBe("Barograph was started again");
  });
  test("gaps are known by both their ends", () => {
    expect(gapsOf([event(181, "boot", 28), event(300, "start", 0), event(50, "oom", 0)])).toEqual([{ fromMs: 172_000, toMs: 200_000 }]);
  });
  test("nothing is said where nothing is known", () => {
    expect(gapReason([event(172, "gap", 28)], { fromMs: 172_000, toMs: 200_000 })).toBeNull();
    expect(gapReason([event(872, "start", 28, 900), event(200, "start", 0)], { fromMs: 172_000, toMs: 200_000 })).toBeNull();
  });
});

describe("labels of regions", () => {
  const region = (id: string, fromMs: number, toMs: number | null, state: Region["state"] = "resolved"): Region =>
    ({ id, cause: "pressure", touches: [], fromMs, toMs, state, severity: "warning", label: id, href: `/alerts/${id.split(" ")[0]}` });
  const at = (regions: Region[]) => labelsOf(regions, "pressure", { fromMs: 0, toMs: 1000 }, 1000).map((told) => [told.region.id, told.leftPx, told.lane]);

  test("stand after what has ended, at the start of what reaches the edge", () => {
    expect(at([region("1", 100, 300)])).toEqual([["1", 306, 0]]);
    expect(at([region("1", 700, null, "firing")])).toEqual([["1", 706, 0]]);
    expect(at([region("1", 980, null, "firing")])).toEqual([["1", 810, 0]]);
  });

  test("never lie on each other, and one that was pending and fired is told once", () => {
    expect(at([region("1", 100, 300), region("2", 100, 320), region("3", 100, 340), region("4", 100, 350)])).toEqual([["1", 306, 0], ["2", 326, 1], ["3", 346, 2]]);
    expect(at([region("1 pending", 50, 100, "pending"), region("1 fired", 100, 300)])).toEqual([["1 fired", 306, 0]]);
    expect(at([region("1 pending", 50, null, "pending")]).length).toBe(1);
  });
});

test("what lies over the tracks ends with who keeps it true", () => {
  const recorder = { host: "atlas", regions: regionsOf(alert(), "atlas"), knownGaps: [{ fromMs: 0, toMs: 1000 }], gapReason: () => "a reason" };
  expect(recorder.regions).not.toEqual([]);
  new Overlays(recorder as unknown as Recorder).end();
  expect([recorder.regions, recorder.knownGaps, recorder.gapReason()]).toEqual([[], [], null]);
});
