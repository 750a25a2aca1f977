import { describe, expect, test } from "vitest";
import { type Option, complete, fitting, placeAt, samePlace } from "../src/lib/complete";

const option = (text: string, called = false): Option => ({ text, help: "", note: "", called });
/** Where the caret is written as |. */
const at = (text: string) => placeAt(text.replace("|", ""), text.indexOf("|"));

describe("what may stand at the caret", () => {
  test.each([
    ["|", { kind: "name", from: 0, prefix: "" }],
    ["node_c|", { kind: "name", from: 0, prefix: "node_c" }],
    ["sum(ra|", { kind: "name", from: 4, prefix: "ra" }],
    ["up + no|", { kind: "name", from: 5, prefix: "no" }],
    ["up{|", { kind: "label", from: 3, prefix: "", metric: "up" }],
    ["up{jo|}", { kind: "label", from: 3, prefix: "jo", metric: "up" }],
    ['up{job="node",in|}', { kind: "label", from: 14, prefix: "in", metric: "up" }],
    ['up{job="no|"}', { kind: "value", from: 8, prefix: "no", metric: "up", label: "job" }],
    ["up{job=~'no|", { kind: "value", from: 9, prefix: "no", metric: "up", label: "job" }],
    ['up{job="a\\"b|', { kind: "value", from: 8, prefix: 'a\\"b', metric: "up", label: "job" }],
    ['{job!="|', { kind: "value", from: 7, prefix: "", metric: "", label: "job" }],
    ["sum by (mo|", { kind: "label", from: 8, prefix: "mo", metric: "" }],
    ["sum by (mode, c|", { kind: "label", from: 14, prefix: "c", metric: "" }],
    ["a * on (x) group_left (n|", { kind: "label", from: 23, prefix: "n", metric: "" }],
    ['up{job="{"} + n|', { kind: "name", from: 14, prefix: "n" }],
  ])("%s", (text, place) => expect(at(text)).toEqual(place));

  test.each(["rate(up[5|", 'label_replace(up, "a|', "up |", "sum(up) |", 'up{"a|'])("nothing: %s", (text) => expect(at(text)).toBeNull());
});

describe("options", () => {
  const all = ["node_cpu_seconds_total", "node_load1", "rate", "irate", "process_cpu_seconds_total"].map((text) => option(text));
  const texts = (prefix: string, most = 9) => fitting(all, prefix, most).map((one) => one.text);

  test.each([
    ["rate", ["rate", "irate"]],
    ["node_", ["node_load1", "node_cpu_seconds_total"]],
    ["CPU", ["node_cpu_seconds_total", "process_cpu_seconds_total"]],
    ["ncst", ["node_cpu_seconds_total"]],
    ["zz", []],
  ])("for %s are the best first", (prefix, found) => expect(texts(prefix)).toEqual(found));

  test("are no more than asked for", () => expect(texts("", 2)).toHaveLength(2));
});

describe("taking an option", () => {
  const take = (text: string, chosen: Option) => {
    const caret = text.indexOf("|");
    const plain = text.replace("|", "");
    const place = placeAt(plain, caret);
    if (place === null) throw new Error("nothing stands here");
    const made = complete(plain, caret, place, chosen);
    return `${made.text.slice(0, made.caret)}|${made.text.slice(made.caret)}`;
  };

  test.each([
    ["ra|", option("rate", true), "rate(|)"],
    ["ra|(up)", option("rate", true), "rate(|up)"],
    ["no|", option("node_load1"), "node_load1|"],
    ["sum(no| + 1)", option("node_load1"), "sum(node_load1| + 1)"],
    ["up{j|}", option("job"), 'up{job="|"}'],
    ["up{j|=\"x\"}", option("job"), 'up{job|="x"}'],
    ["sum by (m|)", option("mode"), "sum by (mode|)"],
    ['up{job="n|"}', option("node"), 'up{job="node"|}'],
    ['up{job="n|', option('a"b\\c'), 'up{job="a\\"b\\\\c"|'],
  ])("%s with %o", (text, chosen, made) => expect(take(text, chosen)).toBe(made));
});

test("what is written more of is the same place; another label, metric or kind is another", () => {
  const place = (text: string) => at(text) as NonNullable<ReturnType<typeof at>>;
  expect(samePlace(place("node_c|"), place("node_cpu|"))).toBe(true);
  expect(samePlace(place('up{mode="i|"}'), place('up{mode="id|"}'))).toBe(true);
  expect(samePlace(place("up{m|}"), place("up{mo|}"))).toBe(true);
  expect(samePlace(place("up|"), place("up{|}"))).toBe(false);
  expect(samePlace(place("up{m|}"), place("ok{m|}"))).toBe(false);
  expect(samePlace(place('up{mode="i|"}'), place('up{made="i|"}'))).toBe(false);
});
