import { expect, test } from "vitest";
import { frozenBy, suspectText } from "../src/lib/frozen";
import { plain, say } from "./alertsmade";
import { row, table } from "./rows";

const CALM = table(row("calm", {}));
const WRITER = table(row("restic", { start: 1030, read: 171e6, write: 118e6, cpu: 0.3 }, null), row("jbd2", { write: 28.6e6 }, { write: 28e6 }));

test("the measure is shown in which somebody changed most", () => {
  expect(frozenBy({ cpu: CALM, io: WRITER, memory: CALM })).toBe("io");
  expect(frozenBy({ cpu: table(row("spin", { cpu: 3 })), io: CALM, memory: CALM })).toBe("cpu");
  expect(frozenBy({ cpu: CALM, io: CALM, memory: table(row("java", { rss: 9e9 }, { rss: 1e9 })) })).toBe("memory");
  expect(frozenBy({ cpu: CALM, io: CALM, memory: CALM })).toBe("cpu");
  expect(frozenBy({ io: CALM })).toBe("io");
});

test("the suspect in words, or nobody", () => {
  expect(plain(suspectText({ cpu: CALM, io: WRITER, memory: CALM }, say) ?? "")).toBe("When it fired: restic reads 171 and writes 118 MB/s, 91 % of the disk I/O.");
  expect(suspectText({ cpu: CALM, io: CALM, memory: CALM }, say)).toBeNull();
  expect(suspectText(null, say)).toBeNull();
});
