// Hands a file to the person: a track as CSV or as a picture. Touches the DOM; decides nothing.

import { BOTTOM_PX, TOP_PX } from "./chart";
import type { Label } from "./picture";
import { token } from "./theme.svelte";

/** Save a file under a name. */
export function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const HEAD_PX = 28;
const LEFT_PX = 52;

/** The chart with its name, its caption and its axis, as a PNG. */
export function pictureOf(canvas: HTMLCanvasElement, words: { title: string; caption: string }, labels: readonly Label[]): Promise<Blob | null> {
  const ratio = devicePixelRatio;
  const made = document.createElement("canvas");
  made.width = canvas.width + (LEFT_PX + 14) * ratio;
  made.height = canvas.height + (HEAD_PX + 24) * ratio;
  const pen = made.getContext("2d");
  if (pen === null) return Promise.resolve(null);
  pen.fillStyle = token("surface");
  pen.fillRect(0, 0, made.width, made.height);
  pen.drawImage(canvas, LEFT_PX * ratio, HEAD_PX * ratio);
  const write = (text: string, x: number, y: number, ink: string, font: string) => {
    pen.fillStyle = token(ink);
    pen.font = font;
    pen.fillText(text, x * ratio, y * ratio);
  };
  const family = token("font");
  write(words.title, 12, 19, "text", `600 ${13 * ratio}px ${family}`);
  write(words.caption, 12, made.height / ratio - 9, "text-3", `${11 * ratio}px ${family}`);
  const spread = canvas.height / ratio - TOP_PX - BOTTOM_PX;
  for (const label of labels) write(label.text, 12, HEAD_PX + TOP_PX + label.share * spread + 4, "text-3", `${11 * ratio}px ${family}`);
  return new Promise((done) => made.toBlob(done, "image/png"));
}
