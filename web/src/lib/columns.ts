// The names of all columns of a page, each with a place that never changes: rings, rows and layouts are indexed by it.

export class Columns {
  private readonly places = new Map<string, number>();
  private readonly known: string[] = [];

  constructor(names: readonly string[] = []) {
    for (const name of names) this.add(name);
  }

  get names(): readonly string[] {
    return this.known;
  }

  get size(): number {
    return this.known.length;
  }

  /** The place of a name, or -1. */
  index(name: string): number {
    return this.places.get(name) ?? -1;
  }

  /** The place of a name, which it keeps from now on. */
  add(name: string): number {
    const found = this.places.get(name);
    if (found !== undefined) return found;
    this.known.push(name);
    this.places.set(name, this.known.length - 1);
    return this.known.length - 1;
  }

  /** The names that begin so, in the order they came. */
  under(prefix: string): string[] {
    return this.known.filter((name) => name.startsWith(prefix));
  }
}
