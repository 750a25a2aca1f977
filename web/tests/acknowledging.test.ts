import { describe, expect, test, vi } from "vitest";
import {
  NOTHING_ACKNOWLEDGED,
  buttonText,
  denied,
  done,
  matchesText,
  missing,
  notSaved,
  quietFor,
  quietUntil,
  tomorrowNine,
  windowsJson,
  windowsText,
} from "../src/lib/acknowledging";
import { acknowledge } from "../src/lib/alerts";
import { plain, say } from "./alertsmade";

const NOW = 1_795_435_200;

test("until when it is quiet", () => {
  expect(quietUntil("fixed", "", NOW)).toBeNull();
  expect(quietUntil("30m", "", NOW)).toBe(NOW + 1800);
  expect(quietUntil("2h", "", NOW + 0.4)).toBe(NOW + 7200);
  expect(quietUntil("tomorrow", "", NOW)).toBe(tomorrowNine(NOW));
  expect(quietUntil("pick", "", NOW)).toBeNaN();
  expect(new Date(tomorrowNine(NOW) * 1000).getHours()).toBe(9);
});

test("what lasts is counted by the server", async () => {
  const asked = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response('{"status":"success","data":{}}'));
  await acknowledge([3], { reason: "", until: NOW + 7200, lasts: quietFor("2h"), sticky: false });
  await acknowledge([3], { reason: "", until: NOW + 60, lasts: quietFor("pick"), sticky: false });
  const bodies = asked.mock.calls.map(([, request]) => new URLSearchParams(String(request?.body)).get("until"));
  asked.mockRestore();
  expect(bodies).toEqual(["2h", String(NOW + 60)]);
});

const picked = (seconds: number) => new Date((NOW + seconds) * 1000).toISOString();
test.each([
  ["fixed", "", "", null],
  ["2h", "", "", null],
  ["tomorrow", "", " ", "More than 2 h need a reason."],
  ["tomorrow", "", "sleep", null],
  ["pick", "", "", "Pick until when it is quiet."],
  ["pick", picked(-60), "x", "That time is over. Pick a later one."],
  ["pick", picked(60), "", null],
  ["pick", picked(3 * 3600), "", "More than 2 h need a reason."],
] as const)("%s %s %s lacks %s", (quiet, at, reason, words) => {
  const found = missing(quiet, at, reason, NOW);
  expect(found === null ? null : plain(found)).toBe(words);
});

test.each([
  ["fixed", "", "Acknowledge until it is fixed"],
  ["30m", "", "Acknowledge for 30 min"],
  ["2h", "", "Acknowledge for 2 h"],
  ["pick", "", "Acknowledge"],
  ["pick", picked(60), `Acknowledge until at${NOW + 60}`],
] as const)("the button of %s", (quiet, at, words) => expect(plain(buttonText(quiet, at, NOW, say))).toBe(words));

test.each([
  [done(null, say), "Acknowledged until it is fixed."],
  [done(5, say), "Acknowledged until at5."],
  [done(null, say, 3), "3 alerts acknowledged until they are fixed."],
  [notSaved("unreachable", "", NOTHING_ACKNOWLEDGED), "Not saved: the server did not answer. Nothing was acknowledged."],
  [notSaved("signed-out", "", NOTHING_ACKNOWLEDGED), "Not saved: you were signed out. Nothing was acknowledged."],
  [notSaved("refused", "alert 3 is resolved.", NOTHING_ACKNOWLEDGED), "Not saved: alert 3 is resolved. Nothing was acknowledged."],
  [denied("viewer"), "Your role, viewer, may look but not acknowledge. Ask an admin of this server."],
  [matchesText(0), "matches no alert now"],
  [matchesText(1), "matches 1 alert now"],
  [matchesText(3), "matches 3 alerts now"],
])("%s", (said, words) => expect(said).toBe(words));

describe("recurring times", () => {
  test.each([
    ["22:00", "06:00", [], "22:00 to 06:00 every day"],
    ["22:00", "06:00", ["friday", "sunday"], "22:00 to 06:00 on friday, sunday"],
    ["22:00", "00:00", [], "22:00 to 24:00 every day"],
    ["08:00", "18:00", ["saturday", "sunday"], "08:00 to 18:00 on saturday, sunday"],
  ])("%s to %s", (from, to, days, words) => expect(windowsText(windowsJson({ from, to, days }, "UTC"))).toBe(words));

  test("a night belongs to the day on which it begins", () => {
    expect(JSON.parse(windowsJson({ from: "22:00", to: "06:00", days: ["friday", "sunday"] }, "UTC"))).toEqual([
      { times: [{ start_time: "22:00", end_time: "24:00" }], weekdays: ["friday", "sunday"], location: "UTC" },
      { times: [{ start_time: "00:00", end_time: "06:00" }], weekdays: ["saturday", "monday"], location: "UTC" },
    ]);
    expect(JSON.parse(windowsJson({ from: "22:00", to: "00:00", days: ["friday"] }, "UTC"))).toHaveLength(1);
  });

  test.each([
    // as silences were stored before, on one day both
    [[{ times: [{ start_time: "22:00", end_time: "24:00" }, { start_time: "00:00", end_time: "06:00" }], weekdays: ["friday"] }], "22:00 to 24:00, 00:00 to 06:00 on friday"],
    [[{ times: [{ start_time: "22:00", end_time: "24:00" }], weekdays: ["friday"] }, { times: [{ start_time: "00:00", end_time: "06:00" }], weekdays: ["friday"] }], "22:00 to 24:00 on friday; 00:00 to 06:00 on friday"],
    [[{ times: [{ start_time: "22:00", end_time: "24:00" }], location: "UTC" }, { times: [{ start_time: "00:00", end_time: "06:00" }] }], "22:00 to 24:00 every day; 00:00 to 06:00 every day"],
    [[{ weekdays: ["friday"] }, { times: [{ start_time: "00:00", end_time: "06:00" }], weekdays: ["saturday"] }], "all day on friday; 00:00 to 06:00 on saturday"],
  ])("what is no night stays apart", (intervals, words) => expect(windowsText(JSON.stringify(intervals))).toBe(words));

  test("keep their zone, and what cannot be read stays as it is", () => {
    expect(windowsJson({ from: "01:00", to: "02:00", days: [] }, "Europe/Paris")).toContain('"location":"Europe/Paris"');
    expect(windowsText("{")).toBe("{");
    expect(windowsText('[{"weekdays":["monday"]}]')).toBe("all day on monday");
  });
});
