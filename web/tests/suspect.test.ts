import { describe, expect, test } from "vitest";
import { amountText, changeOf, changeText, keptText, sentence, suspectOf } from "../src/lib/suspect";
import type { WhoRow } from "../src/lib/flightlog";
import { AGAINST, row, table } from "./rows";

const plain = (text: string) => text.replaceAll("\u00a0", " ");
const clock = (seconds: number) => `at${seconds}`;

describe("what changed most", () => {
  test.each<[string, WhoRow, string]>([
    ["I/O of a new one", row("restic", { start: 1030, read: 171e6, write: 118e6, cpu: 0.71 }, null), "new, +289 MB/s"],
    ["I/O", row("jbd2", { write: 9.1e6, iowait: 0.31 }, { write: 0.4e6 }), "+8.7 MB/s"],
    ["waiting, where nothing else changed", row("postgres", { iowait: 0.18 }, { iowait: 0.04 }), "+14 % wait"],
    ["CPU", row("kworker", { cpu: 0.061, write: 4.4e6 }, { cpu: 0.001 }), "+6.0 % CPU"],
    ["less CPU", row("node", { cpu: 0.07 }, { cpu: 0.28 }), "−21 % CPU"],
    ["memory", row("java", { rss: 3 * 1024 ** 3 }, { rss: 1024 ** 3 }), "+2.0 GiB"],
    ["nothing", row("nginx", { cpu: 0.04 }, { cpu: 0.041 }), "0"],
    ["a new one that did nothing", row("sleep", { start: 1030 }, null), "new"],
    ["memory of who was not among the busiest is not known", row("cron", { rss: 5 * 1024 ** 3 }, null), "0"],
    ["an ended one", row("logrotate", { cpu: null, rss: null, ended: 1044 }), "ended at1044"],
    ["one that is busy no more", row("find", { cpu: null, rss: null, read: null, write: null, iowait: null }, { cpu: 0.5 }), "−50 % CPU"],
  ])("%s", (_, changed, words) => expect(plain(changeText(changed, AGAINST, clock))).toBe(words));

  test("without an instant to compare with it is words", () => {
    expect(changeText(row("x", {}), null, clock)).toBe("no data");
    expect(changeOf(row("x", { cpu: 3 }), null)).toBeNull();
  });

  test("a group is new to nobody", () => {
    expect(changeText(row("web", { start: 1030, cpu: 0.5, count: 2 }, null), AGAINST, clock)).toMatch(/^\+/);
  });

  test.each([
    ["io", 289e6, "289 MB/s"],
    ["io", 400, "0.4 kB/s"],
    ["memory", 112 * 1024 ** 2, "112 MiB"],
    ["cpu", 1.53, "153 % CPU"],
    ["wait", 0.006, "0.6 % wait"],
  ] as const)("%s %d", (kind, size, words) => expect(plain(amountText(kind, size))).toBe(words));
});

describe("the suspect", () => {
  test("is who rose most, before who fell more", () => {
    const found = suspectOf(table(row("calm", {}), row("quiet", { cpu: 0 }, { cpu: 3 }), row("busy", { cpu: 1 })));
    expect(found?.row.name).toBe("busy");
  });

  test("is nobody where nothing changed notably", () => expect(suspectOf(table(row("a", { cpu: 0.02 })))).toBeNull());
});

describe("the sentence", () => {
  const said = (...rows: WhoRow[]) => {
    const { name, rest } = sentence(table(...rows), "process", clock);
    return plain(`${name} ${rest}`.trim());
  };

  test.each<[string, WhoRow[], string]>([
    [
      "I/O both ways, new",
      [row("restic", { start: 1030, read: 171e6, write: 118e6 }, null), row("jbd2", { write: 28.6e6 }, { write: 28e6 })],
      "restic reads 171 and writes 118 MB/s, 91 % of the disk I/O. One minute before it was not running.",
    ],
    ["reading alone", [row("find", { read: 80e6 }, null)], "find reads 80.0 MB/s, 100 % of the disk I/O. One minute before it did next to nothing."],
    [
      "writing more",
      [row("dd", { write: 120e6 }, { write: 30e6 })],
      "dd writes 120 MB/s, 100 % of the disk I/O. One minute before it was 30.0 MB/s.",
    ],
    [
      "CPU",
      [row("ffmpeg", { cpu: 3.9 }, { cpu: 0.2 }), row("x", { cpu: 0.1 }, { cpu: 0.1 })],
      "ffmpeg uses 390 % of one core, 98 % of what all processes use. One minute before it was 20 %.",
    ],
    [
      "two stories",
      [row("chromium", { cpu: 1.9 }, {}), row("dd", { write: 90e6 }, {}), row("cp", { write: 35e6 }, {}), row("db", { iowait: 0.9 }, {})],
      "chromium uses 190 % of one core, 100 % of what all processes use. One minute before it did next to nothing. Also: dd, +90.0 MB/s.",
    ],
    ["memory", [row("java", { rss: 3 * 1024 ** 3 }, { rss: 1024 ** 3 })], "java holds 3.0 GiB of memory. One minute before it was 1.0 GiB."],
    ["waiting", [row("db", { iowait: 0.9 }, { iowait: 0 })], "db waits for the disk 90 % of the time. One minute before it did next to nothing."],
    ["one that ended", [row("make", { cpu: null, rss: null, ended: 1044 }, { cpu: 2 })], "make ended at at1044. One minute before it had 200 % CPU more."],
    ["one that rests", [row("make", { cpu: 0.1 }, { cpu: 2.1 })], "make does 200 % CPU less than one minute before. Nobody does notably more."],
    ["nobody", [row("nginx", { cpu: 0.04 }, { cpu: 0.041 })], "Nobody does much more or less than one minute before. The busiest is nginx with 4.0 % of one core."],
    ["no row", [], "No process was recorded in this second."],
  ])("%s", (_, rows, words) => expect(said(...rows)).toBe(words));

  test("nothing to compare with", () => {
    const alone = { ...table(row("x", { cpu: 2 })), against: null };
    expect(sentence(alone, "process", clock).rest).toContain("Nothing is recorded of one minute before");
  });

  test.each([
    ["unit", row("x", { cpu: 2, unit: "backup.service" }), "backup.service"],
    ["unit", row("x", { cpu: 2 }), "outside of units"],
    ["container", row("x", { cpu: 2, container: "0123456789abcdef" }), "0123456789ab"],
    ["container", row("x", { cpu: 2 }), "outside of containers"],
    ["user", row("x", { cpu: 2 }), "root"],
    ["user", row("x", { cpu: 2, user: "" }), "unknown user"],
    ["process", row("", { cpu: 2 }), "process 7"],
  ] as const)("of a %s", (group, one, name) => expect(sentence(table(one), group, clock).name).toBe(name));
});

describe("what is kept", () => {
  const rows = [row("a", {}), row("gone", { cpu: null, rss: null, ended: 1010 })];

  test("is said with how many more ran", () =>
    expect(plain(keptText(table(...rows), 215))).toBe(
      "Kept: the 10 busiest of each second by CPU, memory, I/O and page faults, and every start and end, for 7 days. 214 more ran, each less busy than these.",
    ));

  test.each([
    ["1w", "7 days"],
    ["1d", "1 day"],
    ["12h", "12 hours"],
  ])("%s is %s", (retention, words) => expect(plain(keptText({ ...table(), kept: { top: 1, retention } }, null))).toContain(`for ${words}.`));

  test("is not invented", () =>
    expect(plain(keptText({ ...table(), kept: { top: 0, retention: "" } }, null))).toBe("Kept: the busiest of each second, and every start and end."));
});
