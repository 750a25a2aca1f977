// What may stand where the caret is in a PromQL expression: metrics and functions, labels, values. Pure; the lists are
// handed in. Loaded when the editor is first used.

export type Place =
  | { kind: "name"; from: number; prefix: string }
  | { kind: "label"; from: number; prefix: string; metric: string }
  | { kind: "value"; from: number; prefix: string; metric: string; label: string };

export interface Option {
  text: string;
  /** One line of help. */
  help: string;
  /** Its type, unit or how it is called. */
  note: string;
  /** Whether it is called: parentheses follow. */
  called: boolean;
}

const NAME = /[A-Za-z_:][\w:]*$/;

/** What is open at the end of a text: braces, and a string within them. Quotes inside of strings are escaped with \. */
function openings(text: string): { brace: number; quote: number } {
  let brace = -1;
  let quote = -1;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote >= 0) {
      if (c === "\\" && text[quote] !== "`") i += 1;
      else if (c === text[quote]) quote = -1;
    } else if (c === '"' || c === "'" || c === "`") quote = i;
    else if (c === "{") brace = i;
    else if (c === "}") brace = -1;
  }
  return { brace, quote };
}

/** What a person writes at the caret; null where nothing can be offered. */
export function placeAt(text: string, caret: number): Place | null {
  const before = text.slice(0, caret);
  const { brace, quote } = openings(before);
  if (brace >= 0) {
    const metric = NAME.exec(before.slice(0, brace).trimEnd())?.[0] ?? "";
    if (quote >= 0) {
      const label = /([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)\s*$/.exec(before.slice(brace + 1, quote))?.[1];
      return label === undefined ? null : { kind: "value", from: quote + 1, prefix: before.slice(quote + 1), metric, label };
    }
    const prefix = /[A-Za-z_]\w*$/.exec(before.slice(brace + 1))?.[0] ?? "";
    return { kind: "label", from: caret - prefix.length, prefix, metric };
  }
  if (quote >= 0) return null;
  const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)$/i.exec(before);
  if (grouping !== null) {
    const prefix = /[A-Za-z_]\w*$/.exec(grouping[1] ?? "")?.[0] ?? "";
    return { kind: "label", from: caret - prefix.length, prefix, metric: "" };
  }
  // inside of a range there are durations alone
  if (/\[[^\]]*$/.test(before)) return null;
  const prefix = NAME.exec(before)?.[0] ?? "";
  return prefix === "" && caret > 0 ? null : { kind: "name", from: caret - prefix.length, prefix };
}

/** Whether two places are one, but for how much is written: what may stand there is the same. */
export function samePlace(a: Place, b: Place): boolean {
  const key = ({ prefix: _, ...rest }: Place): string => JSON.stringify(rest);
  return key(a) === key(b);
}

function rank(text: string, wanted: string): number {
  const lower = text.toLowerCase();
  if (lower === wanted) return 4;
  if (lower.startsWith(wanted)) return 3;
  const at = lower.indexOf(wanted);
  if (at > 0) return /[_:.\-/]/.test(lower[at - 1] ?? "") ? 2 : 1;
  // the words of a name in order: `ncpu` or `node cpu` for node_cpu_seconds_total
  let place = 0;
  for (const c of wanted) {
    place = lower.indexOf(c, place) + 1;
    if (place === 0) return -1;
  }
  return 0;
}

/** The options that fit what is written, the best first. */
export function fitting(options: readonly Option[], prefix: string, most: number): Option[] {
  const wanted = prefix.toLowerCase();
  const ranked = options.map((option) => ({ option, rank: rank(option.text, wanted) })).filter((one) => one.rank >= 0);
  ranked.sort((a, b) => b.rank - a.rank || a.option.text.length - b.option.text.length || (a.option.text < b.option.text ? -1 : 1));
  return ranked.slice(0, most).map((one) => one.option);
}

const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");

/** The text with an option put in, and where the caret stands then. */
export function complete(text: string, caret: number, place: Place, option: Option): { text: string; caret: number } {
  const after = text.slice(caret);
  let put = option.text;
  let back = 0;
  if (place.kind === "value") {
    put = escaped(put);
    if (!after.startsWith('"')) put += '"';
    else back = -1;
  } else if (place.kind === "label" && !/^\s*(=|!|,|\))/.test(after) && /\{[^}]*$/.test(text.slice(0, place.from))) {
    put += '=""';
    back = 1;
  } else if (option.called && !after.startsWith("(")) {
    put += "()";
    back = 1;
  } else if (option.called) back = -1;
  return { text: text.slice(0, place.from) + put + after, caret: place.from + put.length - back };
}
