import { describe, expect, test } from "vitest";
import { Calmly, type Happened, LONGEST, type OpenAlert, type Situation, happenedWords, sentence, verdict } from "../src/lib/sentence";

const AT = Date.UTC(2026, 10, 23, 14, 2, 10);
const MINUTE = 60_000;
const DAY = 86_400_000;

const CALM: Situation = {
  begun: true,
  silentMs: null,
  alerts: [],
  cpuMinute: 13,
  pressureMinute: 1,
  cpu: 13.2,
  memory: 62.4,
  memoryMoved: 0.2,
  happened: null,
  filling: null,
  zone: "UTC",
  rangeMs: 15 * MINUTE,
};
const RESTIC = { resource: "io", who: "restic", fromMs: AT, toMs: AT + 4 * MINUTE, ongoing: false } as const;
const FILLING = { mount: "/", inMs: 9.4 * DAY, overMs: 7 * DAY };
const alert = (severity: OpenAlert["severity"], more: Partial<OpenAlert> = {}): OpenAlert => ({
  id: "7",
  title: "I/O pressure high",
  severity,
  later: false,
  acknowledged: false,
  sinceMs: AT,
  ...more,
});
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const said = (now: Partial<Situation>) => plain(sentence({ ...CALM, ...now }).parts.map((part) => part.text).join(""));

describe("the verdict: the first row that applies", () => {
  test.each<[string, Partial<Situation>, string, string | null]>([
    ["silent", { silentMs: 40_400, alerts: [alert("critical")] }, "No data for 40 s.", "warning"],
    ["critical fires", { alerts: [alert("warning"), alert("critical")], pressureMinute: 90 }, "In trouble.", "critical"],
    ["warning fires", { alerts: [alert("warning")] }, "Strained.", "warning"],
    ["pressure above 40 %", { pressureMinute: 40.1 }, "Strained.", "warning"],
    ["CPU above 80 %", { cpuMinute: 80.1 }, "Busy.", null],
    ["pressure above 10 %", { pressureMinute: 10.1, happened: RESTIC }, "Busy.", null],
    ["something happened", { happened: RESTIC }, "Calm now.", null],
    ["otherwise", {}, "Calm.", null],
    ["at the limits", { cpuMinute: 80, pressureMinute: 10 }, "Calm.", null],
    ["nothing is known of the minute", { cpuMinute: null, pressureMinute: null }, "Calm.", null],
    ["acknowledged", { alerts: [alert("critical", { acknowledged: true })] }, "Calm.", null],
    ["a forecast does not change it", { alerts: [alert("warning", { later: true })] }, "Calm.", null],
    ["nor does information", { alerts: [alert("info")] }, "Calm.", null],
  ])("%s", (_, now, text, severity) => {
    const found = verdict({ ...CALM, ...now });
    expect([plain(found.text), found.severity]).toEqual([text, severity]);
  });
});

describe("the parts", () => {
  test.each<[string, Partial<Situation>, string]>([
    ["the first second", { begun: false }, "Collecting. The first second arrives now."],
    ["figures", {}, "Calm. CPU 13 %, memory 62 % and steady."],
    ["memory that rises", { memoryMoved: 3 }, "Calm. CPU 13 %, memory 62 % and rising."],
    ["memory that falls", { memoryMoved: -3 }, "Calm. CPU 13 %, memory 62 % and falling."],
    ["no trend known", { memoryMoved: null }, "Calm. CPU 13 %, memory 62 %."],
    ["no CPU known", { cpu: null }, "Calm. Memory 62 % and steady."],
    ["nothing known", { cpu: null, memory: null }, "Calm."],
    ["never 100 % unless it is", { cpu: 99.7, memory: null }, "Calm. CPU 99 %."],
    ["no figures in silence", { silentMs: 65_000 }, "No data for 1 min 5 s."],
    ["what happened", { happened: RESTIC }, "Calm now. CPU 13 %, memory 62 % and steady. restic pressed the disk from 14:02 to 14:06."],
    ["what happened before the silence", { silentMs: 5000, happened: RESTIC }, "No data for 5 s. restic pressed the disk from 14:02 to 14:06."],
    ["a danger to come", { filling: FILLING }, "Calm. CPU 13 %, memory 62 % and steady. Disk / fills in 9 days at this week\u2019s rate."],
    ["from fewer days", { filling: { ...FILLING, overMs: 4 * DAY } }, "Calm. CPU 13 %, memory 62 % and steady. Disk / fills in 9 days at the rate of these 4 days."],
    ["an alert comes before a forecast", { filling: FILLING, alerts: [alert("warning")] }, "Strained. CPU 13 %, memory 62 % and steady. I/O pressure high."],
    ["the worst alert", { alerts: [alert("warning"), alert("critical", { title: "Disk / is full" })] }, "In trouble. CPU 13 %, memory 62 % and steady. Disk / is full."],
    ["no acknowledged alert", { alerts: [alert("critical", { acknowledged: true })] }, "Calm. CPU 13 %, memory 62 % and steady."],
  ])("%s", (_, now, words) => expect(said(now)).toBe(words));

  test("the danger is a link in its severity; the verdict has its own", () => {
    const { parts, severity } = sentence({ ...CALM, alerts: [alert("critical", { id: "a/b" })] });
    expect(parts[0]).toEqual({ text: "In trouble.", kind: "verdict", severity: "critical" });
    expect(parts).toContainEqual({ text: "I/O pressure high", kind: "danger", severity: "critical", href: "/alerts/a%2Fb" });
    expect(severity).toBe("critical");
    expect(sentence({ ...CALM, filling: FILLING }).parts).toContainEqual({
      text: "Disk / fills in 9\u00a0days",
      kind: "danger",
      severity: "warning",
      href: "#filesystems",
    });
    expect(sentence(CALM).severity).toBeNull();
  });

  test.each<[string, Partial<Happened>, number, string]>([
    ["within a minute", { toMs: AT + 24_000 }, 15 * MINUTE, "restic pressed the disk at 14:02 for 24 s."],
    ["under way", { ongoing: true }, 15 * MINUTE, "restic has pressed the disk since 14:02."],
    ["by nobody known", { who: null }, 15 * MINUTE, "Something pressed the disk from 14:02 to 14:06."],
    ["on memory", { resource: "memory" }, 15 * MINUTE, "restic pressed memory from 14:02 to 14:06."],
    ["on the CPU", { resource: "cpu" }, 15 * MINUTE, "restic pressed the CPU from 14:02 to 14:06."],
    ["days ago", {}, 7 * DAY, "restic pressed the disk on 23 Nov from 14:02 to 14:06."],
    ["for days", { ongoing: true }, 7 * DAY, "restic has pressed the disk since 23 Nov, 14:02."],
  ])("%s", (_, more, rangeMs, words) =>
    expect(plain(happenedWords({ ...RESTIC, ...more }, "UTC", rangeMs))).toBe(words),
  );

  test("it is never longer than two lines", () => {
    const long = "x".repeat(90);
    for (const now of [
      { happened: { ...RESTIC, who: "kworker/u16:3-events" }, filling: { ...FILLING, mount: `/${long}` } },
      { happened: RESTIC, filling: FILLING },
      { happened: { ...RESTIC, who: long }, alerts: [alert("critical", { title: long })] },
    ]) {
      expect(said(now).length).toBeLessThanOrEqual(LONGEST);
    }
    // the danger stays whatever goes
    expect(said({ happened: { ...RESTIC, who: long }, alerts: [alert("critical")] })).toContain("I/O pressure high");
  });
});

describe("it changes at most once in ten seconds", () => {
  const calm = sentence(CALM);
  const busy = sentence({ ...CALM, cpuMinute: 90 });
  test("and the first real one comes at once", () => {
    const calmly = new Calmly();
    const first = sentence({ ...CALM, begun: false });
    expect(calmly.next(first, 0, true)).toBe(first);
    expect(calmly.next(calm, 1000)).toBe(calm);
    expect(calmly.next(busy, 5000)).toBe(calm);
    expect(calmly.next(busy, 10_999)).toBe(calm);
    expect(calmly.next(busy, 11_000)).toBe(busy);
    expect(calmly.next(calm, 20_000)).toBe(busy);
    expect(calmly.next(calm, 21_000)).toBe(calm);
  });
});
