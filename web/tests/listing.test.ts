import { describe, expect, test } from "vitest";
import { Asking } from "../src/lib/asking";
import { type Having, byActivity, hidden, listing } from "../src/lib/listing";
import { MORE } from "../src/lib/more";
import { absentWords, heardPart, troubleOf } from "../src/lib/trouble";

const having = (more: Partial<Having> = {}): Having => ({ disks: [], wires: [], more: [], hasPressure: true, temperature: null, swapUsed: false, none: new Set(), ...more });
const ids = (found: ReturnType<typeof listing>) => found.shown.map((one) => one.track.id);
const asIs = (_: string, devices: readonly string[]) => devices;

describe("which tracks there are", () => {
  test("a host's own, in their order; swap once it is used, pressure where the kernel has it", () => {
    expect(ids(listing(having(), new Set(), new Set(), asIs))).toEqual(["cpu", "core", "pressure", "memory", "disk", "network"]);
    expect(ids(listing(having({ swapUsed: true, hasPressure: false }), new Set(), new Set(), asIs))).toEqual(["cpu", "core", "memory", "swap", "disk", "network"]);
  });

  test("an open track has one for each device, eight at most, and tells of the rest", () => {
    const disks = Array.from({ length: 20 }, (_, i) => `sd${i}`);
    const found = listing(having({ disks }), new Set(["disk"] as const), new Set(), asIs);
    expect([found.shown.filter((one) => one.of === "disk").length, found.rest]).toEqual([8, [{ group: "disk", count: 12 }]]);
    expect(ids(found).slice(4, 6)).toEqual(["disk/sd0", "disk/sd1"].map((id, i) => (i === 0 ? "disk" : id)).map((id) => (id === "disk" ? "disk" : "disk/sd0")));
    expect(listing(having({ disks }), new Set(["disk"] as const), new Set(["disk"] as const), asIs).rest).toEqual([]);
  });

  test("more tracks come last, while they are open", () => {
    const load = MORE.filter((one) => one.track.id === "load");
    expect(ids(listing(having({ more: load }), new Set(["more"] as const), new Set(), asIs)).at(-1)).toBe("load");
    expect(ids(listing(having({ more: load }), new Set(), new Set(), asIs))).not.toContain("load");
  });

  test("what a machine is known not to have has no empty track", () => {
    expect(ids(listing(having({ none: new Set(["disk", "network"] as const) }), new Set(), new Set(), asIs))).toEqual(["cpu", "core", "pressure", "memory"]);
  });

  test("what is in a closed group, or beyond its eight busiest, is hidden and can be found", () => {
    const load = MORE.filter((one) => one.track.id === "load");
    const disks = Array.from({ length: 9 }, (_, i) => `sd${i}`);
    const all = having({ disks, wires: ["eth0"], more: load });
    const unseen = (open: readonly ("disk" | "network" | "more")[]) =>
      hidden(all, listing(all, new Set(open), new Set(), asIs).shown).map(({ track, group }) => `${group} ${track.name}`);
    expect(unseen([])).toEqual([...disks.map((disk) => `disk ${disk}`), "network eth0", "more Load"]);
    expect(unseen(["disk", "network", "more"])).toEqual(["disk sd8"]);
  });

  test("devices by activity, those that are level by name", () => {
    const busy: Record<string, number> = { sdb: 5, sdc: NaN };
    expect(byActivity(["sda", "sdb", "sdc"], (device) => busy[device] ?? 0)).toEqual(["sdb", "sda", "sdc"]);
  });
});

describe("more tracks", () => {
  test("each asks for the columns that it shows, under an id of its own", () => {
    expect(new Set(MORE.map((one) => one.track.id)).size).toBe(MORE.length);
    for (const { track, questions, needs } of MORE) {
      expect(questions.map((question) => question.column({}))).toEqual(track.series.map((series) => series.column));
      expect(questions[0]?.promql(new Asking("h", 1000, 1000))).toContain(needs.startsWith("node_nfs") ? "node_nfs" : needs);
      expect(track.heightPx).toBe(84);
    }
  });

  test("capacities have round maxima in the unit they are written in", () => {
    const dirty = MORE.find((one) => one.track.id === "dirty")?.track;
    expect(dirty?.round?.(300 * 2 ** 20, 2 ** 20)).toBe(500 * 2 ** 20);
    expect(dirty?.round?.(3 * 2 ** 30, 2 ** 20)).toBe(5 * 2 ** 30);
  });

  test("counts are read in thousands and millions", () => {
    const unit = MORE.find((one) => one.track.id === "switches")?.track.unit;
    expect([unit?.(10).name, unit?.(20_000).name, unit?.(5e6).name]).toEqual(["/s", "k/s", "M/s"]);
  });
});

describe("collectors that cannot", () => {
  const collector = (state: string, reason: string) => ({ name: "rapl", state, reason });

  test("are told in the track, with the remedy where it is a matter of permission", () => {
    expect(troubleOf(collector("failing", "/sys/class/powercap/energy_uj: Permission denied"))?.words).toBe(
      "Cannot read /sys/class/powercap/energy_uj: permission denied. Run `barograph doctor` to see the remedy.",
    );
    expect(troubleOf(collector("failing", "broken table."))?.words).toBe("This part failed: broken table. The rest goes on.");
    expect(troubleOf(collector("hung", ""))?.words).toBe("The collector rapl has not answered: it hangs. The rest goes on.");
  });

  test("what works, or has nothing to say, is no trouble", () => {
    expect([troubleOf(collector("ok", "")), troubleOf(collector("no_data", "absent")), troubleOf(undefined)]).toEqual([null, null, null]);
  });

  test("what a kernel has not is told in words", () => {
    expect(absentWords({ id: "pressure", name: "Pressure" }, undefined)).toBe("Pressure needs Linux 4.20 with psi=1.");
    expect(absentWords({ id: "temperature", name: "Temperature" }, collector("no_data", "/sys/class/hwmon does not exist"))).toBe("Temperature: /sys/class/hwmon does not exist.");
    expect(absentWords({ id: "temperature", name: "Temperature" }, undefined)).toBeNull();
  });

  test("how much of a bucket has data", () => expect(heardPart(0.668, 30_000).replaceAll("\u00a0", " ")).toBe("20 s of 30 s have data"));
});
