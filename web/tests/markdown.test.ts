import { describe, expect, test } from "vitest";
import { blocks, inline, safeAddress } from "../src/lib/markdown";

test.each([
  ["https://example.org/a b", "https://example.org/a%20b"],
  ["http://example.org", "http://example.org/"],
  ["javascript:alert(1)", null],
  ["JAVASCRIPT:alert(1)", null],
  ["data:text/html,<script>", null],
  ["//example.org", null],
  ["", null],
])("an address %s", (address, safe) => expect(safeAddress(address)).toBe(safe));

test("inside a line", () => {
  expect(inline("Look at `df -h`, **now**, [here](https://a.b/c) or https://d.e/f.")).toEqual([
    { kind: "text", text: "Look at " },
    { kind: "code", text: "df -h" },
    { kind: "text", text: ", " },
    { kind: "strong", text: "now" },
    { kind: "text", text: ", " },
    { kind: "link", text: "here", href: "https://a.b/c" },
    { kind: "text", text: " or " },
    { kind: "link", text: "https://d.e/f", href: "https://d.e/f" },
    { kind: "text", text: "." },
  ]);
});

describe("what would run stays text", () => {
  test.each(["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](https://a.b/c.png\" onload=\"x)"])("%s", (text) => {
    const links = inline(text).filter((part) => part.kind === "link");
    expect(links.every((link) => "href" in link && /^https?:/.test(link.href))).toBe(true);
    expect(inline(text).map((part) => part.text).join("")).toContain(text.slice(0, 4).replace("![x]", "!"));
  });
});

test("blocks", () => {
  const text = "# First\nOne line\nand more.\n\n1. Do `a`.\n   And on.\n2) Do b.\n- x\n* y\n```sh\nrm <x>\n```\n~~~\nopen";
  expect(blocks(text)).toEqual([
    { kind: "heading", parts: [{ kind: "text", text: "First" }] },
    { kind: "paragraph", parts: [{ kind: "text", text: "One line and more." }] },
    {
      kind: "ordered",
      items: [[{ kind: "text", text: "Do " }, { kind: "code", text: "a" }, { kind: "text", text: ". And on." }], [{ kind: "text", text: "Do b." }]],
    },
    { kind: "bullets", items: [[{ kind: "text", text: "x" }], [{ kind: "text", text: "y" }]] },
    { kind: "code", text: "rm <x>" },
    { kind: "code", text: "open" },
  ]);
});

test("what is too long is cut", () => expect(JSON.stringify(blocks("x".repeat(50_000))).length).toBeLessThan(21_000));
