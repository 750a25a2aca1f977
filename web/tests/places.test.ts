import { describe, expect, test } from "vitest";
import { match } from "../src/lib/places";

describe("a template", () => {
  test.each([
    ["/", "/", {}],
    ["/h/{host}", "/h/atlas", { host: "atlas" }],
    ["/h/{host}", "/h/atlas/", { host: "atlas" }],
    ["/h/{host}", "/h/db%201%2Fa", { host: "db 1/a" }],
    ["/h/{host}", "/h/%E0%A4%A", { host: "%E0%A4%A" }],
    ["/h/{host}/processes", "/h/atlas/processes", { host: "atlas" }],
    ["/alerts/{id}", "/alerts/now", { id: "now" }],
  ])("%s fits %s", (template, path, parameters) => expect(match(template, path)).toEqual({ parameters }));

  test.each([
    ["/", "/h/atlas"],
    ["/h/{host}", "/"],
    ["/h/{host}", "/h/"],
    ["/h/{host}", "/h/atlas/processes"],
    ["/explore", "/Explore"],
    ["/alerts", "/alerts/now"],
  ])("%s does not fit %s", (template, path) => expect(match(template, path)).toBeNull());
});
