import { describe, expect, test } from "vitest";
import {
  announcement,
  dayBars,
  delivered,
  empty,
  firingsText,
  happened,
  lead,
  limitText,
  onHost,
  ordinal,
  sentenceOf,
  severityWord,
  signOf,
  sinceText,
  stateText,
  title,
  valueText,
} from "../src/lib/alertwords";
import type { Alert, Transition } from "../src/lib/alerts";
import { alert, held, listOf, plain, say } from "./alertsmade";

test.each([
  [0, "No alert needs anyone"],
  [1, "One alert needs someone"],
  [2, "Two alerts need someone"],
  [13, "13 alerts need someone"],
  [12_400, "12,400 alerts need someone"],
])("the title of %d", (count, words) => expect(title(count)).toBe(words));

const acknowledged = (id: number) => alert(id, { part: "acknowledged", state: "acknowledged", acknowledgment: held() });
const silenced = (id: number) => alert(id, { part: "silenced", silenced_by: ["s"] });

test.each<[Alert[], string]>([
  [[alert(1), alert(2)], "The worst is I/O pressure high on atlas, for 2 min 2 s."],
  [[alert(1)], "It is I/O pressure high on atlas, for 2 min 2 s."],
  [[alert(1), acknowledged(2), acknowledged(3), silenced(4)], "It is I/O pressure high on atlas, for 2 min 2 s. Two more are acknowledged, one is silenced."],
  [[acknowledged(2)], "One is acknowledged."],
  [[silenced(2), alert(3, { part: "pending", state: "pending", fired: null })], "One is silenced, one is pending."],
  [[], "No alert is open. The last one was resolved at 14:06."],
])("the sentence below", (alerts, words) => expect(plain(lead(listOf(...alerts), 1122, "14:06"))).toBe(words));

test("an empty list without a past", () => expect(empty(null)).toBe("No alert is open."));

test.each([
  ["critical", "critical"],
  ["Error", "critical"],
  ["warning", "warning"],
  ["strange", "warning"],
  ["info", "info"],
  ["", "info"],
])("%s is a %s sign", (severity, sign) => expect(signOf(severity)).toBe(sign));

test("severity as a word", () => expect([severityWord("critical"), severityWord("")]).toEqual(["Critical", "No severity"]));

test("a title names its host once", () => {
  expect(onHost(alert(1))).toBe("I/O pressure high on atlas");
  expect(onHost({ title: "atlas is down", host: "atlas" })).toBe("atlas is down");
  expect(onHost({ title: "Watchdog", host: "" })).toBe("Watchdog");
});

test.each([
  [52, "52"],
  [55.04, "55.0"],
  [0.0123, "0.012"],
  [-0.5, "−0.5"],
  [14.2, "14.2"],
  [12_345_678, "12.3 M"],
  [1_795_435_200, "1.8 G"],
  [43_210, "43.2 k"],
  [9_999, "9,999"],
  [null, "no data"],
  [0, "0"],
])("the value %s", (value, words) => expect(plain(valueText(value))).toBe(words));

test("the limit", () => expect([limitText(20, true), limitText(5, false), limitText(null, true)]).toEqual(["limit 20", "limit below 5", ""]));

test("since when", () => {
  expect(plain(sinceText(alert(1, { fired: null, began: 1100 }), 1122))).toBe("22 s");
  expect(plain(sinceText(alert(1, { ended: 1060 }), 9999))).toBe("1 min");
  expect(plain(sinceText(alert(1), 1000))).toBe("0 ms");
});

test.each<[Partial<Alert>, string]>([
  [{}, "Firing. Nobody was told."],
  [{ told: [{ receiver: "phone", what: "firing", at: 1 }, { receiver: "e-mail", what: "firing", at: 1 }, { receiver: "phone", what: "repeat", at: 2 }] }, "Firing. Sent to phone and e-mail."],
  [{ told: ["a", "b", "c", "d"].map((receiver) => ({ receiver, what: "firing", at: 1 })) }, "Firing. Sent to a, b and 2 more."],
  [{ told: [{ receiver: "phone", what: "firing", at: 1 }], assignee: "bob" }, "Firing. Sent to phone. bob has it."],
  [{ state: "pending" }, "Pending"],
  [{ state: "acknowledged", acknowledgment: held() }, "Until it is fixed: “order placed, ticket 1841”, ann"],
  [{ state: "acknowledged", acknowledgment: held({ until: 2000, reason: "" }), assignee: "bob" }, "Until at2000, ann, bob has it"],
  [{ silenced_by: ["x"] }, "Silenced"],
  [{ inhibited_by: 7 }, "Quiet while alert 7 fires"],
  [{ state: "resolved", ended: 1200 }, "Resolved at at1200"],
  [{ state: "dropped", ended: 1200 }, "Ended before it fired"],
])("the state %o", (more, words) => expect(plain(stateText(alert(1, more), say))).toBe(words));

test.each<[Partial<Alert>, string | null, string]>([
  [{ description: "" }, null, "The value is 52; the limit is 20."],
  [{ description: "" }, "When it fired: restic reads.", "The value is 52; the limit is 20. When it fired: restic reads."],
  [{ description: "Tasks waited." }, null, "Tasks waited."],
  [{ description: "# A\nlong one", rule: { ...alert(1).rule, is_above: false } }, null, "The value is 52; the limit is at least 20."],
  [{ description: "", value: null, ended: 1060, state: "resolved" }, null, "It lasted 1 min."],
])("the sentence of one", (more, suspect, words) => expect(plain(sentenceOf(alert(1, more), suspect, 1122))).toBe(words));

const transition = (kind: string, more: Partial<Transition> = {}): Transition => ({ number: 1, alert: 1, title: "x", at: 1, kind, severity: "critical", actor: "", text: "", ...more });

test.each<[Transition, string, string]>([
  [transition("pending"), "Pending: over the limit, not yet for long enough", "critical"],
  [transition("fired"), "Fired", "critical"],
  [transition("rose"), "Got worse: it is critical now", "critical"],
  [transition("fell", { severity: "warning" }), "Got better: it is a warning now", "warning"],
  [transition("acknowledged", { actor: "ann", text: "mine" }), "Acknowledged by ann", "“mine”"],
  [transition("ack_broken"), "The acknowledgment ended, because it got worse", ""],
  [transition("ack_expired"), "The acknowledgment's time is over", ""],
  [transition("ack_withdrawn", { actor: "ann" }), "Acknowledgment taken back by ann", ""],
  [transition("assigned", { actor: "ann", text: "bob" }), "Assigned to bob by ann", ""],
  [transition("assigned", { actor: "ann" }), "Assigned to nobody by ann", ""],
  [transition("commented", { text: "hm" }), "Somebody wrote: “hm”", ""],
  [transition("resolved"), "Resolved", ""],
  [transition("dropped"), "Ended before it fired", ""],
  [transition("new_kind", { text: "x" }), "new kind", "x"],
])("the timeline says %o", (given, text, more) => expect(happened(given)).toEqual({ text, more }));

const attempt = { kind: "firing", receiver: "phone", state: "delivered", attempts: 1, answer: "", next: null };
test.each([
  [attempt, "Sent to phone", ""],
  [{ ...attempt, kind: "repeat", attempts: 3 }, "Sent again to phone", "at the 3rd attempt"],
  [{ ...attempt, kind: "other" }, "Sent to phone", ""],
  [{ ...attempt, kind: "resolved", state: "failed", answer: "404" }, "Could not be sent to phone", "404"],
  [{ ...attempt, state: "waiting", answer: "503", next: 20 }, "Not sent to phone yet, next at at20", "503"],
  [{ ...attempt, state: "waiting" }, "Not sent to phone yet, will be tried again", ""],
])("delivery says %o", (given, text, more) => expect(delivered(given, say)).toEqual({ text, more }));

test("ordinals", () => expect([1, 2, 3, 4, 11, 12, 13, 21, 102].map(ordinal)).toEqual(["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd"]));

describe("30 days", () => {
  const DAY = 86_400;
  const now = 40 * DAY;
  const firing = (start: number, end: number | null, severity = "warning") => ({ id: 1, start, end, severity });

  test("in words", () => {
    expect(plain(firingsText([], now))).toBe("Last 30 days: it did not fire");
    expect(plain(firingsText([firing(0, 250)], now))).toBe("Last 30 days: fired once, for 4 min 10 s");
    expect(plain(firingsText([firing(0, 250), firing(0, 10)], now))).toBe("Last 30 days: fired twice, median 10 s");
    expect(plain(firingsText([firing(0, 250), firing(0, 10), firing(now - 300, null)], now))).toBe("Last 30 days: fired 3 times, median 4 min 10 s");
  });

  test("as bars: one that lasts over midnight is in both days, the worst colours it", () => {
    const bars = dayBars([firing(now - 1.5 * DAY, now - 0.5 * DAY), firing(now - 100, null, "critical"), firing(0, 10)], now);
    expect(bars).toHaveLength(30);
    expect(bars.slice(-3).map((bar) => [bar.seconds, bar.sign])).toEqual([[0, null], [DAY / 2, "warning"], [DAY / 2 + 100, "critical"]]);
  });
});

describe("what is announced", () => {
  test("nothing at first, nothing of what is known", () => {
    expect(announcement(null, [alert(1)])).toBeNull();
    expect(announcement([alert(1)], [alert(1)])).toBeNull();
    expect(announcement([], [acknowledged(1)])).toBeNull();
  });

  test("one, and several in one sentence", () => {
    expect(announcement([], [alert(1)])).toEqual({ text: "Critical: I/O pressure high on atlas.", sign: "critical" });
    expect(announcement([alert(1)], [alert(1), alert(2, { severity: "warning" }), alert(3, { severity: "warning" })])).toEqual({
      text: "Two new alerts. The worst: I/O pressure high on atlas.",
      sign: "warning",
    });
    expect(announcement([acknowledged(1)], [alert(1)])?.sign).toBe("critical");
  });

  test("one that has become worse, and none that has become better", () => {
    const warning = alert(1, { severity: "warning" });
    expect(announcement([warning], [alert(1)])).toEqual({ text: "Critical: I/O pressure high on atlas.", sign: "critical" });
    expect(announcement([alert(1)], [warning])).toBeNull();
    expect(announcement([warning], [alert(1), alert(2, { severity: "warning" })])?.text).toBe(
      "Two alerts are new or worse. The worst: I/O pressure high on atlas.",
    );
  });
});
