// The page's samples: one ring of float64 a column on a regular grid of instants, shared by all tracks. A place without
// a sample holds NaN, so a gap needs no bookkeeping. No object is made per point.

export class Grid {
  readonly stepMs: number;
  readonly capacity: number;
  readonly columns: readonly string[];
  /** The newest slot that was ever written or skipped, or -1 while there is none. */
  newest = -1;
  private readonly rings: Float64Array[];
  private readonly indexes: ReadonlyMap<string, number>;

  constructor(columns: readonly string[], stepMs: number, capacity: number) {
    this.columns = columns;
    this.stepMs = stepMs;
    this.capacity = capacity;
    this.rings = columns.map(() => new Float64Array(capacity).fill(NaN));
    this.indexes = new Map(columns.map((name, index) => [name, index]));
  }

  /** The slot of an instant: a bucket is named by its end, as a range query's step is. */
  slot(ms: number): number {
    return Math.ceil(ms / this.stepMs);
  }

  ms(slot: number): number {
    return slot * this.stepMs;
  }

  index(column: string): number {
    return this.indexes.get(column) ?? -1;
  }

  /** Make room up to a slot; places that are passed over are gaps. */
  advance(slot: number): void {
    if (slot <= this.newest) return;
    const first = this.newest < 0 ? slot - this.capacity + 1 : Math.max(this.newest + 1, slot - this.capacity + 1);
    for (const ring of this.rings) for (let at = first; at <= slot; at++) ring[this.place(at)] = NaN;
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
    const ring = this.rings[index];
    if (ring !== undefined && this.holds(slot)) ring[this.place(slot)] = value;
  }

  at(index: number, slot: number): number {
    return this.holds(slot) ? (this.rings[index]?.[this.place(slot)] ?? NaN) : NaN;
  }

  /** The samples around a slot that has none: the last slot before and the first after with any; null where it has one. */
  gapAround(slot: number): { before: number | null; after: number | null } | null {
    const empty = (at: number) => this.rings.every((ring) => Number.isNaN(ring[this.place(at)]));
    if (!this.holds(slot) || !empty(slot)) return null;
    let before = slot - 1;
    while (this.holds(before) && empty(before)) before -= 1;
    let after = slot + 1;
    while (this.holds(after) && empty(after)) after += 1;
    return { before: this.holds(before) ? before : null, after: this.holds(after) ? after : null };
  }

  /** Copy a column's slots into `out`, from a slot on. */
  read(index: number, fromSlot: number, out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.at(index, fromSlot + i);
  }

  /** A copy that later samples do not touch: what a held view is drawn from. */
  copy(): Grid {
    const made = new Grid(this.columns, this.stepMs, this.capacity);
    made.newest = this.newest;
    this.rings.forEach((ring, index) => made.rings[index]?.set(ring));
    return made;
  }

  private place(slot: number): number {
    return ((slot % this.capacity) + this.capacity) % this.capacity;
  }
}
