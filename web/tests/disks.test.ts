import { describe, expect, test } from "vitest";
import { disksOf, firstFull, spaceExpression } from "../src/lib/disks";

const HOUR = 3_600_000;
const GB = 1e9;
const both = (device: string, mountpoint: string, free: number, size: number) => [
  { labels: { device, mountpoint, what: "free" }, value: free * GB },
  { labels: { device, mountpoint, what: "size" }, value: size * GB },
];
const week = (device: string, mountpoint: string, last: number, perDay: number) => ({
  labels: { device, mountpoint },
  points: Array.from({ length: 169 }, (_, i): [number, number] => [i * HOUR, (last + (perDay * (168 - i)) / 24) * GB]),
});

describe("filesystems", () => {
  const space = [...both("sda1", "/", 30, 100), ...both("sda1", "/var/bind", 30, 100), ...both("sdb", "/data", 5, 100), { labels: { device: "x", what: "free" }, value: 1 }];

  test("fullest first, one of each device, by its shortest mount point", () => {
    expect(disksOf(space, []).map((disk) => [disk.mount, Math.round(disk.used)])).toEqual([
      ["/data", 95],
      ["/", 70],
    ]);
    expect(disksOf([...both("sda1", "/var/bind", 30, 100), ...both("sda1", "/", 30, 100)], [])[0]?.mount).toBe("/");
  });

  test("the week belongs to its disk; the one that is full first is told if that is soon", () => {
    const disks = disksOf(space, [week("sda1", "/", 30, 3), week("sdb", "/data", 5, 0)]);
    expect(disks.map((disk) => disk.filling.kind)).toEqual(["steady", "full"]);
    expect(firstFull(disks)).toMatchObject({ mount: "/", overMs: 168 * HOUR });
    expect(firstFull(disksOf(space, [week("sda1", "/", 30, 1)]))).toBeNull();
    expect(firstFull(disksOf(space, [week("sda1", "/", 30, 3), week("sdb", "/data", 5, 1)]))?.mount).toBe("/data");
    expect(firstFull([])).toBeNull();
  });

  test("asks of one host alone", () => expect(spaceExpression('a"b')).toContain('instance="a\\"b"'));
});
