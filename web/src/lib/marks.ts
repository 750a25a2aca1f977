// Moments that a browser's own tools, and our benchmark, can read: `performance.getEntriesByName`.

const FIRST_CHART = "barograph-first-chart";
let marked = false;

/** The first chart with data is drawn. Told once a page. */
export function markFirstChart(): void {
  if (marked) return;
  marked = true;
  performance.mark(FIRST_CHART);
}
