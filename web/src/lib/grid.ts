// The page's samples: one ring of float64 a column on a regular grid of instants, shared by all tracks. A place without
// a sample holds NaN, so a gap needs no bookkeeping. No object is made per point; a column that never came has no ring.

import type { Columns } from "./columns";
import type { Bands } from "./steps";

export class Grid {
  readonly stepMs: number;
  readonly capacity: number;
  readonly columns: Columns;
  /** The newest slot that was ever written or skipped, or -1 while there is none. */
  newest = -1;
  /** The questions whose extremes the store gave, and refused. */
  readonly banded = new Set<string>();
  readonly bandless = new Set<string>();
  /** Whether its window was read, every question of it. */
  filled = false;
  /** How many later reads of a part of it are under way, or came to nothing. */
  lacking = 0;
  private readonly rings: (Float64Array | undefined)[] = [];

  constructor(columns: Columns, stepMs: number, capacity: number) {
    this.columns = columns;
    this.stepMs = stepMs;
    this.capacity = capacity;
  }

  /** The slot of an instant: a bucket is named by its end, as a range query's step is. */
  slot(ms: number): number {
    return Math.ceil(ms / this.stepMs);
  }

  ms(slot: number): number {
    return slot * this.stepMs;
  }

  index(column: string): number {
    return this.columns.index(column);
  }

  /** Whether it holds all that its window has. */
  get whole(): boolean {
    return this.filled && this.lacking === 0;
  }

  get bands(): Bands {
    if (this.bandless.size === 0) return "all";
    return this.banded.size === 0 ? "none" : "some";
  }

  /** Make room up to a slot; places that are passed over are gaps. */
  advance(slot: number): void {
    if (slot <= this.newest) return;
    const first = this.newest < 0 ? slot - this.capacity + 1 : Math.max(this.newest + 1, slot - this.capacity + 1);
    for (const ring of this.rings) if (ring !== undefined) for (let at = first; at <= slot; at++) ring[this.place(at)] = NaN;
    this.newest = slot;
  }

  holds(slot: number): boolean {
    return slot <= this.newest && slot > this.newest - this.capacity;
  }

  /** Whether the ring still holds every slot of a window that has happened. */
  covers(fromMs: number, toMs: number): boolean {
    return this.holds(this.slot(fromMs)) && Math.floor(toMs / this.stepMs) <= this.newest;
  }

  set(index: number, slot: number, value: number): void {
    if (index < 0 || !this.holds(slot)) return;
    let ring = this.rings[index];
    if (ring === undefined) {
      if (Number.isNaN(value)) return;
      ring = new Float64Array(this.capacity).fill(NaN);
      this.rings[index] = ring;
    }
    ring[this.place(slot)] = value;
  }

  at(index: number, slot: number): number {
    return this.holds(slot) ? (this.rings[index]?.[this.place(slot)] ?? NaN) : NaN;
  }

  /** The newest slot at or before `from` in which a column has a sample, or -1. */
  last(index: number, from = this.newest): number {
    const ring = this.rings[index];
    if (ring === undefined) return -1;
    for (let slot = Math.min(from, this.newest); this.holds(slot); slot--) {
      if (!Number.isNaN(ring[this.place(slot)] as number)) return slot;
    }
    return -1;
  }

  /**
   * The samples around a slot that has none: the last slot before and the first after with any; null where it has one.
   * Asks one column where one is named, else all.
   */
  gapAround(slot: number, column?: string): { before: number | null; after: number | null } | null {
    const asked = column === undefined ? this.rings : [this.rings[this.index(column)]];
    const rings = asked.filter((ring) => ring !== undefined);
    const empty = (at: number) => rings.every((ring) => Number.isNaN(ring[this.place(at)]));
    if (!this.holds(slot) || !empty(slot)) return null;
    let before = slot - 1;
    while (this.holds(before) && empty(before)) before -= 1;
    let after = slot + 1;
    while (this.holds(after) && empty(after)) after += 1;
    return { before: this.holds(before) ? before : null, after: this.holds(after) ? after : null };
  }

  /** Copy a column's slots into `out`, from a slot on. */
  read(index: number, fromSlot: number, out: Float64Array): void {
    const ring = this.rings[index];
    const oldest = Math.max(fromSlot, this.newest - this.capacity + 1);
    const end = Math.min(fromSlot + out.length - 1, this.newest);
    if (ring === undefined || end < oldest) {
      out.fill(NaN);
      return;
    }
    out.fill(NaN, 0, oldest - fromSlot).fill(NaN, end - fromSlot + 1);
    const first = this.place(oldest);
    const count = end - oldest + 1;
    const head = Math.min(count, this.capacity - first);
    out.set(ring.subarray(first, first + head), oldest - fromSlot);
    if (head < count) out.set(ring.subarray(0, count - head), oldest - fromSlot + head);
  }

  /** A copy that later samples do not touch: what a held view is drawn from. */
  copy(): Grid {
    const made = new Grid(this.columns, this.stepMs, this.capacity);
    made.newest = this.newest;
    made.filled = this.whole;
    for (const question of this.banded) made.banded.add(question);
    for (const question of this.bandless) made.bandless.add(question);
    this.rings.forEach((ring, index) => (made.rings[index] = ring?.slice()));
    return made;
  }

  private place(slot: number): number {
    return ((slot % this.capacity) + this.capacity) % this.capacity;
  }
}
