import { describe, expect, test } from "vitest";
import { FIRST_SECOND, SIGNED_OUT, arrivedSince, caughtUp, disconnected, failed, held, noData, notStored, reading, refused, stale } from "../src/lib/words";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("the words of each state", () => {
  test.each([
    [FIRST_SECOND, "Collecting. The first second arrives now."],
    [SIGNED_OUT, "You were signed out. Sign in to go on here."],
    [reading(30 * 86_400_000), "Reading 30 days."],
    [stale("14:10:24", 40_000), "Last heard 14:10:24, 40 s ago."],
    [disconnected(3_400, "14:10:24"), "Not connected to Barograph. Trying again in 4 s. Showing data until 14:10:24."],
    [disconnected(0, null), "Not connected to Barograph. Trying again now."],
    [caughtUp(38_200), "Connected. 38 s caught up."],
    [caughtUp(200), "Connected."],
    [refused("query refused: 6,000,000 samples, more than 5,000,000; raise query.max_samples or ask for less"), "Query refused: 6,000,000 samples, more than 5,000,000; raise query.max_samples or ask for less."],
    [refused("Shorten the range."), "Query refused: Shorten the range."],
    [failed("the disk is gone."), "This part failed: the disk is gone. The rest goes on."],
    [failed("this part failed (KeyError); the log has more"), "This part failed: (KeyError); the log has more. The rest goes on."],
    [notStored("disk full"), "Nothing is stored on disk now: disk full. New seconds are kept in memory only."],
    [notStored(""), "Nothing is stored on disk now. New seconds are kept in memory only."],
    [noData("13:58:10", "13:58:38"), "no data, 13:58:10 to 13:58:38"],
    [held("14:03"), "Held 14:03"],
    [arrivedSince(42_300), "+42 s"],
    [arrivedSince(0), "+0 s"],
    [arrivedSince(125_000), "+2 min 5 s"],
  ])("%s", (said, words) => expect(plain(said)).toBe(words));
});
