// Mouse, pen and finger on the plots: point, hold, drag to zoom, Shift + drag to move, Ctrl + wheel, long press, pinch.

import type { Recorder, Window } from "./recorder.svelte";

interface Place {
  element: HTMLElement;
  /** Where the plots begin inside it. */
  leftPx: number;
  plotPx: number;
}

const DRAG_PX = 5;
const LONG_PRESS_MS = 350;
const TURN_MS = 500;

export class Pointing {
  /** The span that a drag would zoom to, from the plots' left edge. */
  selection = $state<{ leftPx: number; widthPx: number } | null>(null);

  private edgePx = 0;
  private start: { px: number; id: number; view: Window; touch: boolean } | null = null;
  private dragging = false;
  private longPress: ReturnType<typeof setTimeout> | undefined;
  private pressed = false;
  private lastPx: number | null = null;
  private turnedAt = -Infinity;
  private readonly fingers = new Map<number, number>();
  private pinch: { gapPx: number; view: Window; centreMs: number } | null = null;

  constructor(
    private readonly owner: () => Recorder,
    private readonly place: () => Place,
  ) {}

  private get recorder(): Recorder {
    return this.owner();
  }

  readonly attach = (element: HTMLElement): (() => void) => {
    const listeners: [string, (event: never) => void, AddEventListenerOptions?][] = [
      // a press on a plot selects no text and takes no focus
      ["mousedown", (event: MouseEvent) => this.onPlot(event) && event.preventDefault()],
      ["pointerdown", (event: PointerEvent) => this.down(event)],
      ["pointermove", (event: PointerEvent) => this.moved(event)],
      ["pointerup", (event: PointerEvent) => this.up(event)],
      ["pointercancel", (event: PointerEvent) => this.cancel(event)],
      ["pointerleave", () => this.leave()],
      ["dblclick", () => this.doubleClick()],
      ["wheel", (event: WheelEvent) => this.wheel(event), { passive: false }],
      ["contextmenu", (event: Event) => this.pressed && event.preventDefault()],
    ];
    for (const [name, listener, options] of listeners) element.addEventListener(name, listener as EventListener, options);
    return () => {
      for (const [name, listener] of listeners) element.removeEventListener(name, listener as EventListener);
      clearTimeout(this.longPress);
      // a pointer, also one that a key had moved, is of these plots
      this.recorder.point(null);
    };
  };

  /** The view slid under a resting pointer. */
  again(): void {
    const rests = this.lastPx !== null && this.start === null;
    if (rests && this.recorder.atMs === null && !this.recorder.pointedByKey) this.point(this.lastPx as number);
  }

  private px(event: MouseEvent): number {
    return event.clientX - this.edgePx - this.place().leftPx;
  }

  private onPlot(event: Event): boolean {
    return (event.target as Element | null)?.closest("[data-plot]") != null;
  }

  private toMs(px: number, view: Window = this.recorder.view): number {
    const { plotPx } = this.place();
    const share = Math.min(1, Math.max(0, px / Math.max(1, plotPx)));
    // a picture that slides is behind by what is left of the second
    const slide = view === this.recorder.view ? this.recorder.slide(plotPx) : null;
    const behindMs = slide === null ? 0 : 1000 - slide.passedMs;
    return view.fromMs + share * (view.toMs - view.fromMs) - behindMs;
  }

  private point(px: number): void {
    this.recorder.point(this.toMs(px));
  }

  private measure(): void {
    this.edgePx = this.place().element.getBoundingClientRect().left;
  }

  private down(event: PointerEvent): void {
    if (!this.onPlot(event) || event.button !== 0) return;
    this.measure();
    const px = this.px(event);
    const touch = event.pointerType === "touch";
    if (touch) {
      this.fingers.set(event.pointerId, px);
      if (this.fingers.size === 2) return this.beginPinch();
      this.longPress = setTimeout(() => {
        this.pressed = true;
        this.place().element.setPointerCapture(event.pointerId);
        this.point(px);
      }, LONG_PRESS_MS);
    } else this.place().element.setPointerCapture(event.pointerId);
    this.start = { px, id: event.pointerId, view: { ...this.recorder.view }, touch };
    this.dragging = false;
  }

  private moved(event: PointerEvent): void {
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, this.px(event));
    if (this.pinch !== null) return this.pinched();
    if (this.start === null) return this.hover(event);
    const px = this.px(event);
    if (Math.abs(px - this.start.px) > DRAG_PX) {
      clearTimeout(this.longPress);
      this.dragging = true;
    }
    if (this.start.touch) {
      if (this.pressed) this.point(px);
      return;
    }
    if (!this.dragging) return;
    if (event.shiftKey) return this.shift(px);
    const { plotPx } = this.place();
    const [left, right] = [Math.max(0, Math.min(px, this.start.px)), Math.min(plotPx, Math.max(px, this.start.px))];
    this.selection = { leftPx: left, widthPx: Math.max(0, right - left) };
  }

  private hover(event: PointerEvent): void {
    if (event.pointerType === "touch") return;
    const { plotPx } = this.place();
    if (this.lastPx === null) this.measure();
    const px = this.px(event);
    if (!this.onPlot(event) || px < -8 || px > plotPx + 8) return this.leave();
    this.lastPx = px;
    this.point(px);
  }

  private shift(px: number): void {
    const start = this.start;
    if (start === null) return;
    const rangeMs = start.view.toMs - start.view.fromMs;
    const byMs = ((start.px - px) / Math.max(1, this.place().plotPx)) * rangeMs;
    this.recorder.drag(start.view.fromMs + byMs, rangeMs);
  }

  private up(event: PointerEvent): void {
    clearTimeout(this.longPress);
    this.fingers.delete(event.pointerId);
    const start = this.start;
    const selection = this.selection;
    const pressed = this.pressed;
    this.end();
    if (start === null || start.id !== event.pointerId) return;
    if (selection !== null && selection.widthPx > DRAG_PX) {
      const fromMs = this.toMs(selection.leftPx, start.view);
      this.recorder.zoom({ fromMs, toMs: this.toMs(selection.leftPx + selection.widthPx, start.view) });
    } else if (start.touch && !pressed && this.recorder.atMs !== null) this.recorder.letGo();
    else if (!this.dragging || pressed) this.clicked(this.px(event));
    this.dragging = false;
  }

  private clicked(px: number): void {
    this.point(px);
    const ms = this.recorder.pointerMs;
    if (ms !== null) this.recorder.holdSecond(ms);
  }

  private cancel(event: PointerEvent): void {
    clearTimeout(this.longPress);
    this.fingers.delete(event.pointerId);
    this.end();
  }

  private end(): void {
    this.start = null;
    this.selection = null;
    this.pressed = false;
    if (this.fingers.size < 2) this.pinch = null;
  }

  private leave(): void {
    if (this.start !== null) return;
    this.lastPx = null;
    this.recorder.point(null);
  }

  private doubleClick(): void {
    this.recorder.stepBack();
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey || !this.onPlot(event)) return;
    event.preventDefault();
    this.measure();
    // the ticks of one turn of the wheel are one zoom
    const further = event.timeStamp - this.turnedAt < TURN_MS;
    this.turnedAt = event.timeStamp;
    this.recorder.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, this.toMs(this.px(event)), further);
  }

  private beginPinch(): void {
    clearTimeout(this.longPress);
    this.start = null;
    const [a = 0, b = 0] = [...this.fingers.values()];
    this.pinch = { gapPx: Math.max(20, Math.abs(a - b)), view: { ...this.recorder.view }, centreMs: this.toMs((a + b) / 2) };
  }

  private pinched(): void {
    const pinch = this.pinch;
    if (pinch === null || this.fingers.size < 2) return;
    const [a = 0, b = 0] = [...this.fingers.values()];
    const factor = pinch.gapPx / Math.max(20, Math.abs(a - b));
    const { fromMs, toMs } = pinch.view;
    this.recorder.drag(pinch.centreMs - (pinch.centreMs - fromMs) * factor, (toMs - fromMs) * factor);
  }
}
