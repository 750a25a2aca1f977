import { describe, expect, test } from "vitest";
import { servicesOf, summed, traceExpression } from "../src/lib/services";

const of = (what: string, value: number, labels: Record<string, string>) => ({ labels: { what, ...labels }, value });
const SHOP = { id: "/system.slice/shop.service" };
const DOCKER = { id: `/system.slice/docker-${"ab".repeat(32)}.scope` };

describe("services and containers", () => {
  test("by CPU, with memory, state and start", () => {
    const found = servicesOf([
      of("cpu", 0.02, SHOP),
      of("cpu", 0.5, DOCKER),
      of("memory", 7, SHOP),
      of("state", 1, { name: "shop.service", state: "active" }),
      of("start", 9, { name: "shop.service" }),
      of("state", 1, { name: "other.service", state: "active" }),
    ]);
    expect(found).toEqual([
      { id: DOCKER.id, ids: [DOCKER.id], name: "ababababab" + "ab", cpu: 50, memoryBytes: null, state: "", startMs: null },
      { id: SHOP.id, ids: [SHOP.id], name: "shop.service", cpu: 2, memoryBytes: 7, state: "active", startMs: 9000 },
    ]);
  });

  test("one that failed is first, though it uses nothing", () => {
    const found = servicesOf([of("cpu", 1, SHOP), of("state", 1, { name: "mail.service", state: "failed" })]);
    expect(found.map((service) => [service.name, service.state])).toEqual([
      ["mail.service", "failed"],
      ["shop.service", ""],
    ]);
  });

  test("names: of the container, of the unit with its escapes; what is neither is left out", () => {
    const found = servicesOf([
      of("memory", 3, { id: "/x", name: "web" }),
      of("memory", 2, { id: "/system.slice/a\\x2db.service" }),
      of("memory", 1, { id: "/user.slice" }),
    ]);
    expect(found.map((service) => service.name)).toEqual(["web", "a-b.service"]);
  });

  test("two of one name are one row, with the figures of both", () => {
    const own = { id: "/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service" };
    const [found, ...more] = servicesOf([of("cpu", 0.5, SHOP), of("cpu", 0.25, own), of("memory", 3, own), of("memory", 4, SHOP)]);
    expect([found, more]).toEqual([{ id: SHOP.id, ids: [SHOP.id, own.id], name: "shop.service", cpu: 75, memoryBytes: 7, state: "", startMs: null }, []]);
    expect(summed([Float64Array.of(1, NaN, NaN), Float64Array.of(2, 3, NaN)])).toEqual(Float64Array.of(3, 3, NaN));
    expect([summed([]), summed([Float64Array.of(1)])]).toEqual([null, Float64Array.of(1)]);
  });

  test("eight at most, none where there are none", () => {
    expect(servicesOf(Array.from({ length: 20 }, (_, i) => of("cpu", i, { id: `/s/${i}.service` })))).toHaveLength(8);
    expect(servicesOf([])).toEqual([]);
  });

  test("asks for their traces by name, whatever is in it", () => {
    expect(traceExpression("h", ['/a"b.service', "/c"], 60_000)).toBe(
      'sum by (id) (rate(container_cpu_usage_seconds_total{job="node",instance="h",id="/a\\"b.service"}[60s])) or ' +
        'sum by (id) (rate(container_cpu_usage_seconds_total{job="node",instance="h",id="/c"}[60s]))',
    );
  });
});
