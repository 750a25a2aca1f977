// What a rule looks at: the expression left of its comparison, so that a chart can show the value against the limit. Pure.

export interface RuleValue {
  promql: string;
  limit: number | null;
  /** Whether it fires above the limit. */
  isAbove: boolean;
}

interface Token {
  text: string;
  at: number;
}

/** Words and operators outside of brackets and strings. */
function topLevel(text: string): Token[] {
  const found: Token[] = [];
  const pattern = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|[()[\]{}]|[<>=!]=?|=~|[A-Za-z_:][\w:]*/g;
  let depth = 0;
  for (const match of text.matchAll(pattern)) {
    const token = match[0];
    if ("([{".includes(token)) depth += 1;
    else if (")]}".includes(token)) depth -= 1;
    else if (depth === 0) found.push({ text: token, at: match.index });
  }
  return found;
}

function bare(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("(") || !trimmed.endsWith(")")) return trimmed;
  // the first bracket must be closed by the last one
  let depth = 0;
  for (const match of trimmed.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[()]/g)) {
    if (match[0] === "(") depth += 1;
    if (match[0] === ")") depth -= 1;
    if (depth === 0 && match.index < trimmed.length - 1) return trimmed;
  }
  return bare(trimmed.slice(1, -1));
}

/** The value that an alerting expression gives, and what it is compared with; null where there is no comparison. */
export function valueOf(expression: string): RuleValue | null {
  const text = bare(expression);
  const tokens = topLevel(text);
  // of `a > 1 and b` the value is a's
  const joined = tokens.find((token) => ["and", "or", "unless"].includes(token.text.toLowerCase()));
  if (joined !== undefined) return valueOf(text.slice(0, joined.at));
  const comparison = tokens.findLast((token) => [">", "<", ">=", "<=", "==", "!="].includes(token.text));
  if (comparison === undefined) return null;
  const right = text.slice(comparison.at + comparison.text.length).replace(/^\s*bool\b/, "").trim();
  const limit = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(bare(right)) ? Number(bare(right)) : null;
  return { promql: text.slice(0, comparison.at).trim(), limit, isAbove: !comparison.text.startsWith("<") };
}

const SCALED = /\b(increase|delta|idelta|sum_over_time|count_over_time|changes|resets|predict_linear|deriv|quantile_over_time|histogram_quantile|absent|holt_winters|double_exponential_smoothing)\b/;

/** The same, second by second: its windows as short as they can be; null where that would be another measure. */
export function eachSecond(promql: string, intervalMs: number): string | null {
  if (SCALED.test(promql) || !/\[[^\]:]+\]/.test(promql) || /\[[^\]]*:[^\]]*\]/.test(promql)) return null;
  const window = `[${(2 * intervalMs) / 1000}s]`;
  const found = promql.replace(/\[[^\]]+\]/g, window);
  return found === promql ? null : found;
}

/** The series of an alert among those that an expression gives: all its labels are the alert's, and most of them. */
export function seriesOf<T extends { metric: Record<string, string> }>(found: readonly T[], labels: Record<string, string>): T | null {
  let best: { series: T; count: number } | null = null;
  for (const series of found) {
    const names = Object.keys(series.metric).filter((name) => name !== "__name__");
    if (!names.every((name) => labels[name] === series.metric[name])) continue;
    if (best === null || names.length > best.count) best = { series, count: names.length };
  }
  return best?.series ?? null;
}
