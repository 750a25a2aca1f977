import { expect, test } from "vitest";
import { chosenOf, matchersOf, sections } from "../src/lib/alertrows";
import { alert, held } from "./alertsmade";

const none = new Set<string>();

test("three headed parts, in order, empty ones absent", () => {
  const found = sections([alert(1), alert(2, { part: "silenced" }), alert(3, { part: "acknowledged", acknowledgment: held() })], none);
  expect(found.map((part) => [part.name, part.count])).toEqual([["Needs someone", 1], ["Acknowledged", 1], ["Silenced", 1]]);
  expect(sections([], none)).toEqual([]);
});

test("two equal ones are two rows, three are one", () => {
  const two = sections([alert(1), alert(2, { host: "b" })], none);
  expect(two[0]?.rows.map((row) => row.title)).toEqual(["I/O pressure high", "I/O pressure high"]);
  const three = sections([alert(1), alert(9, { rule: { ...alert(9).rule, name: "other" } }), alert(2, { host: "b" }), alert(3, { host: "c" })], none);
  expect(three[0]?.rows.map((row) => [row.title, row.alerts.length])).toEqual([["I/O pressure high on 3 hosts", 3], ["I/O pressure high", 1]]);
  expect(three[0]?.count).toBe(4);
});

test("on one host they are counted; different titles give the name", () => {
  const found = sections([alert(1, { title: "sda slow" }), alert(2, { title: "sdb slow" }), alert(3, { title: "sdc slow" })], none);
  expect(found[0]?.rows[0]?.title).toBe("IoPressure 3 times on atlas");
});

test("an unfolded one shows its parts below", () => {
  const alerts = [alert(1), alert(2), alert(3)];
  const key = sections(alerts, none)[0]?.rows[0]?.key ?? "";
  expect(sections(alerts, new Set([key]))[0]?.rows.map((row) => row.alerts.length)).toEqual([3, 1, 1, 1]);
});

test("different severities, or reasons, do not fold", () => {
  const found = sections([alert(1), alert(2), alert(3, { severity: "warning" })], none);
  expect(found[0]?.rows).toHaveLength(3);
});

test("the cause is the description's first line, else what the labels add", () => {
  const cause = (more: object) => sections([alert(1, more)], none)[0]?.rows[0]?.cause;
  expect(cause({ description: "first\nsecond" })).toBe("first");
  expect(cause({ description: "", labels: { alertname: "x", device: "sda", mountpoint: "/" } })).toBe("device sda, mountpoint /");
});

test("matchers match the alert and leave its severity out", () => {
  expect(matchersOf({ labels: { alertname: 'a "b"', severity: "critical", instance: "atlas", device: "sda" } })).toEqual(['alertname="a \\"b\\""', 'instance="atlas"', 'device="sda"']);
});

test("what is selected is chosen once, also where its fold is unfolded, and only while it needs somebody", () => {
  const three = [alert(1), alert(2, { host: "b" }), alert(3, { host: "c" })];
  const fold = sections(three, none)[0]?.rows[0]?.key ?? "";
  const rows = sections(three, new Set([fold])).flatMap((part) => part.rows);
  expect(rows).toHaveLength(4);
  expect(chosenOf(rows, new Set([1, 2, 3])).map((one) => one.id)).toEqual([1, 2, 3]);
  const taken = sections([alert(1), alert(2, { part: "acknowledged", acknowledgment: held() })], none).flatMap((part) => part.rows);
  expect(chosenOf(taken, new Set([1, 2, 9])).map((one) => one.id)).toEqual([1]);
});
