// The values that alerts are about, for the small pictures in their rows: one question a rule, however many alerts it has.

import type { Alert } from "./alerts";
import { type MatrixSeries, queryRange } from "./api";
import { seriesOf, valueOf } from "./ruleexpression";

const SPAN_MS = 30 * 60_000;
const STEP_MS = 15_000;
const KEPT_MS = 30_000;
const MOST_RULES = 30;

export class AlertValues {
  private readonly answers = $state<Record<string, MatrixSeries[]>>({});
  private readonly askedAt = new Map<string, number>();

  /** Ask for what these alerts need and was not asked lately. */
  want(alerts: readonly Alert[]): void {
    const now = Date.now();
    const wanted = new Set(alerts.map((alert) => valueOf(alert.rule.expression)?.promql ?? "").filter((promql) => promql !== ""));
    for (const promql of [...wanted].slice(0, MOST_RULES)) {
      if (now - (this.askedAt.get(promql) ?? 0) < KEPT_MS) continue;
      this.askedAt.set(promql, now);
      const endMs = Math.floor(now / STEP_MS) * STEP_MS;
      queryRange({ promql }, endMs - SPAN_MS, endMs, STEP_MS, null)
        .then((found) => (this.answers[promql] = found))
        .catch(() => {
          // a picture that is not there says nothing wrong; the row's words stand
        });
    }
  }

  /** Half an hour of an alert's value; null where it is not known. */
  of(alert: Alert): { values: (number | null)[]; limit: number | null } | null {
    const value = valueOf(alert.rule.expression);
    const found = value === null ? undefined : this.answers[value.promql];
    if (value === null || found === undefined) return null;
    const series = seriesOf(found, alert.labels);
    const first = series?.values[0];
    if (series === null || first === undefined) return null;
    const lastS = Math.max(...found.map((each) => each.values.at(-1)?.[0] ?? 0));
    const slots = SPAN_MS / STEP_MS + 1;
    const values: (number | null)[] = new Array<number | null>(slots).fill(null);
    for (const [seconds, text] of series.values) {
      const place = slots - 1 - Math.round(((lastS - seconds) * 1000) / STEP_MS);
      if (place >= 0 && place < slots) values[place] = Number(text);
    }
    return { values, limit: alert.rule.limit ?? value.limit };
  }
}
