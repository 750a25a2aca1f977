import { afterEach, describe, expect, test, vi } from "vitest";
import { type ActionName, act, isOffered, offer } from "../src/lib/actions";
import { KEYS, keysOn, onKey, wanted } from "../src/lib/keys";

interface Press {
  key: string;
  shiftKey?: boolean;
  ctrlKey?: boolean;
  on?: string;
  at?: number;
}

class FakeElement {
  constructor(private readonly kind: string) {}
  closest(selector: string): FakeElement | null {
    return selector.split(/,\s*/).some((one) => one.startsWith(this.kind)) ? this : null;
  }
}
vi.stubGlobal("Element", FakeElement);

function press({ key, shiftKey = false, ctrlKey = false, on = "main", at = 0 }: Press): boolean {
  let taken = false;
  onKey({
    key, shiftKey, ctrlKey, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false, timeStamp: at,
    target: new FakeElement(on), preventDefault: () => (taken = true),
  } as unknown as KeyboardEvent);
  return taken;
}

const did: string[] = [];
const ends: (() => void)[] = [];
const offering = (...names: ActionName[]) =>
  ends.push(offer(Object.fromEntries(names.map((name) => [name, (key: string) => did.push(`${name} ${key}`)]))));

afterEach(() => {
  for (const end of ends.splice(0)) end();
  did.length = 0;
  keysOn.value = "on";
});

describe("the map of keys", () => {
  test("has each press once", () => {
    const presses = KEYS.flatMap((key) => key.on);
    expect(new Set(presses).size).toBe(presses.length);
  });

  test("has an action once", () => expect(new Set(KEYS.map((key) => key.action)).size).toBe(KEYS.length));

  test.each([
    [{ key: "P", shiftKey: true }, "who"],
    [{ key: "ArrowLeft", shiftKey: false }, "left"],
    [{ key: "ArrowLeft", shiftKey: true }, "further-left"],
    [{ key: "4", shiftKey: false }, "track"],
    [{ key: "F7", shiftKey: false }, null],
  ])("%o asks for %s", (key, action) => expect(wanted(key)).toBe(action));
});

describe("a press", () => {
  test("does what is offered, with its key", () => {
    offering("track");
    expect(press({ key: "4" })).toBe(true);
    expect(did).toEqual(["track 4"]);
  });

  test("that nobody offers is the browser's", () => expect(press({ key: "4" })).toBe(false));

  test("goes to the last that offers it, until that ends", () => {
    offering("back");
    const end = offer({ back: () => did.push("upper") });
    press({ key: "Escape" });
    end();
    press({ key: "Escape" });
    expect(did).toEqual(["upper", "back escape"]);
  });

  test.each(["input", "textarea", "select", "[contenteditable"])("while typing in %s is text", (on) => {
    offering("theme");
    expect(press({ key: "t", on })).toBe(false);
    expect(did).toEqual([]);
  });

  test("with Ctrl is the browser's, but Ctrl K", () => {
    offering("theme", "search");
    expect(press({ key: "t", ctrlKey: true })).toBe(false);
    expect(press({ key: "k", ctrlKey: true, on: "input" })).toBe(true);
    expect(did).toEqual(["search "]);
  });

  test("of Enter or Space on a button presses the button", () => {
    offering("open", "live");
    expect(press({ key: "Enter", on: "button" })).toBe(false);
    expect(press({ key: " ", on: "button" })).toBe(false);
  });

  test("does nothing where keys are off, but Esc", () => {
    offering("theme", "back");
    keysOn.value = "off";
    expect(press({ key: "t" })).toBe(false);
    expect(press({ key: "Escape" })).toBe(true);
  });

  test("of G waits for its letter, and not for ever", () => {
    offering("page", "acknowledge");
    press({ key: "g", at: 1 });
    press({ key: "a", at: 900 });
    press({ key: "g", at: 5000 });
    press({ key: "a", at: 7000 });
    expect(did).toEqual(["page a", "acknowledge a"]);
  });
});

test("an action is offered or not", () => {
  expect(isOffered("who")).toBe(false);
  expect(act("who")).toBe(false);
  offering("who");
  expect(isOffered("who")).toBe(true);
  expect(act("who")).toBe(true);
});
