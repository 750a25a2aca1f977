// Runbooks: the small part of Markdown that they are written in, as a tree that the page shows as text. Pure. Nothing of it
// ever becomes HTML: what is not known stays as it was written.

export type Inline =
  | { kind: "text" | "code" | "strong"; text: string }
  | { kind: "link"; text: string; href: string };

export type Block =
  | { kind: "heading"; parts: Inline[] }
  | { kind: "paragraph"; parts: Inline[] }
  | { kind: "ordered"; items: Inline[][] }
  | { kind: "bullets"; items: Inline[][] }
  | { kind: "code"; text: string };

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((\S+?)\)|(https?:\/\/[^\s<>()"']+[^\s<>()"'.,;:!?])/g;

/** Only what leads to a page: no script, no data. */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

export function inline(text: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, label, target, bare] = match;
    let part: Inline = { kind: "text", text: whole };
    if (code !== undefined) part = { kind: "code", text: code };
    else if (strong !== undefined) part = { kind: "strong", text: strong };
    else {
      const href = safeAddress(target ?? bare ?? "");
      if (href !== null) part = { kind: "link", text: label ?? bare ?? href, href };
    }
    if (match.index > from) parts.push({ kind: "text", text: text.slice(from, match.index) });
    parts.push(part);
    from = match.index + whole.length;
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}

const ITEM = /^\s{0,3}(?:(\d{1,3})[.)]|[-*+])\s+(.*)$/;
const MOST_CHARACTERS = 20_000;

export function blocks(text: string): Block[] {
  const lines = text.slice(0, MOST_CHARACTERS).replaceAll("\r\n", "\n").split("\n");
  const found: Block[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    if (paragraph.length > 0) found.push({ kind: "paragraph", parts: inline(paragraph.join(" ")) });
    paragraph = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const item = ITEM.exec(line);
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line);
    if (/^\s*(```|~~~)/.test(line)) {
      flush();
      const end = lines.findIndex((other, place) => place > i && /^\s*(```|~~~)\s*$/.test(other));
      const last = end === -1 ? lines.length : end;
      found.push({ kind: "code", text: lines.slice(i + 1, last).join("\n") });
      i = last;
    } else if (heading !== null) {
      flush();
      found.push({ kind: "heading", parts: inline(heading[1] ?? "") });
    } else if (item !== null) {
      flush();
      const kind = item[1] === undefined ? "bullets" : "ordered";
      // what is indented below an item belongs to it
      const words = [item[2] ?? ""];
      while (i + 1 < lines.length && /^\s{2,}\S/.test(lines[i + 1] ?? "") && !ITEM.test(lines[i + 1] ?? "")) words.push((lines[++i] ?? "").trim());
      const parts = inline(words.join(" "));
      const before = found.at(-1);
      if (before !== undefined && before.kind === kind) before.items.push(parts);
      else found.push({ kind, items: [parts] });
    } else if (line.trim() === "") {
      flush();
    } else paragraph.push(line.trim());
  }
  flush();
  return found;
}
