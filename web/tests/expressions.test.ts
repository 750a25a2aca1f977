import { describe, expect, test } from "vitest";
import { Asking, type Question, asked } from "../src/lib/asking";
import { CORE, PARTS, SUMS, WHOLE_DISKS, WIRES, factExpressions } from "../src/lib/expressions";
import { MORE } from "../src/lib/more";
import { TEMPERATURE } from "../src/lib/sensors";

const second = new Asking("atlas", 1000, 1000);
const of = (column: string) => CORE.find((question) => question.column({}) === column) as Question;
const left = (matcher: string) => new RegExp(`^(?:${JSON.parse(matcher.slice("device!~".length)) as string})$`);

describe("the recorder's questions", () => {
  test("see exactly the samples of one instant at the collecting interval", () => {
    const told = CORE.map((question) => question.promql(second));
    const all = 'irate(node_cpu_seconds_total{job="node",instance="atlas"}[2s])';
    expect(told).toContain(`100 * sum by (mode) (irate(node_cpu_seconds_total{job="node",instance="atlas",mode!="idle"}[2s])) / scalar(sum(${all}))`);
    expect(told).toContain('last_over_time(node_memory_Buffers_bytes{job="node",instance="atlas"}[1s])');
    expect(told).toContain('last_over_time(up{job="node",instance="atlas"}[1s])');
  });

  test("pressure is the increase of the total, never the kernel's mean", () => {
    expect(of("pressure.iosome").promql(second)).toBe('clamp_max(100 * irate(node_pressure_io_waiting_seconds_total{job="node",instance="atlas"}[2s]), 100)');
    expect(CORE.some((question) => question.promql(second).includes("avg10"))).toBe(false);
  });

  test("every mode has its column, and no other", () => {
    const cpu = CORE[1];
    expect(["user", "system", "iowait", "irq", "softirq", "nice", "steal"].map((mode) => cpu?.column({ mode }))).toEqual([
      "cpu.user", "cpu.system", "cpu.iowait", "cpu.irq", "cpu.irq", "cpu.nice", "cpu.steal",
    ]);
    expect([cpu?.column({ mode: "guest" }), cpu?.column({})]).toEqual([null, null]);
  });

  test("a core is a column, and a bucket of it shows its maximum", () => {
    const core = CORE.find((question) => question.track === "core") as Question;
    expect([core.column({ cpu: "7" }), core.column({ cpu: "x" }), core.column({})]).toEqual(["core.7", null, null]);
    expect(asked(core, new Asking("atlas", 30_000, 1000)).map((one) => one.promql.slice(0, 14))).toEqual(["max_over_time("]);
  });

  test("how much of a wide bucket was heard", () => {
    expect(of("heard").promql(new Asking("atlas", 30_000, 1000))).toContain("count_over_time(up");
    expect(of("heard").promql(new Asking("atlas", 30_000, 1000))).toContain("[30s]) * 0.0333");
  });

  test("the most of a sum is that of the sum itself", () => {
    const told = SUMS.flatMap((question) => asked(question, new Asking("atlas", 30_000, 1000)));
    expect(told.map((one) => one.suffix)).toEqual(["", ":max", "", ":max"]);
    expect(told[1]?.promql).toMatch(/^max_over_time\(\(sum\(irate\(node_disk_read_bytes_total.*\) \+ sum\(irate\(node_disk_written_bytes_total.*\)\)\[30s:1s\]\)$/);
  });

  test("sub-tracks ask by device", () => {
    for (const question of [...PARTS.disk, ...PARTS.network]) {
      expect(question.promql(second)).toContain("sum by (device) (");
      expect([question.column({ device: "vda" })?.endsWith("/vda"), question.column({})]).toEqual([true, null]);
    }
  });

  test("all that can be open at once is no more than one stream takes", () => {
    const space = 1;
    const open = [CORE, SUMS, PARTS.disk, PARTS.network, TEMPERATURE, MORE.flatMap((more) => more.questions)].reduce((sum, some) => sum + some.length, space);
    // as `web.live_expressions` is where nobody says otherwise
    expect(open).toBeLessThanOrEqual(128);
  });

  test("facts are asked of the host alone", () => {
    expect(factExpressions("atlas").boot).toBe('node_boot_time_seconds{job="node",instance="atlas"}');
  });
});

describe("what is counted", () => {
  test.each(["sda1", "vda14", "xvda1", "nvme0n1p2", "mmcblk0p1", "dm-0", "md127", "loop3", "zram0", "ram0", "sr0", "nbd0p1", "nvme0c0n1"])(
    "%s would count twice", (name) => expect(left(WHOLE_DISKS).test(name)).toBe(true));
  test.each(["sda", "sdaa", "vda", "xvda", "nvme0n1", "nvme12n3", "mmcblk0", "nbd0", "dasda"])(
    "%s is a whole disk", (name) => expect(left(WHOLE_DISKS).test(name)).toBe(false));
  test.each(["lo", "veth12ab", "docker0", "br-1f2e", "virbr0", "bond0", "wg0", "tun1", "eth0.100", "ifb1", "cali12"])(
    "%s carries what others carry", (name) => expect(left(WIRES).test(name)).toBe(true));
  test.each(["eth0", "enp3s0", "wlan0", "eno1np0", "ens18", "wlp2s0", "ib0"])(
    "%s is a wire", (name) => expect(left(WIRES).test(name)).toBe(false));
});
