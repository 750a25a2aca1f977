// The page's questions to the server, over Prometheus' HTTP API. Every failure becomes one of four kinds, since each
// has its own words on the page.

import type { Labels } from "./asking";

export type FailureKind = "refused" | "failed" | "signed-out" | "unreachable";

export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** The status of the answer; 0 where there was none. */
    readonly status = 0,
    /** Where in an expression, in characters; null where that is not what is wrong. */
    readonly spot: { from: number; to: number } | null = null,
  ) {
    super(message);
  }
}

/** What a part of the page has to say itself of an error: nothing of a connection that is gone, which the bar tells of. */
export function ownFailure(error: unknown): Failure | null {
  if (!(error instanceof Failure)) throw error;
  return error.kind === "failed" || error.kind === "refused" ? error : null;
}

interface Envelope<T> {
  status: "success" | "error";
  data?: T;
  error?: string;
  position?: number;
  end?: number;
}

export interface MatrixSeries {
  metric: Labels;
  values: [number, string][];
}

interface Matrix {
  resultType: "matrix";
  result: MatrixSeries[];
}

interface Vector {
  resultType: "vector";
  result: { metric: Labels; value: [number, string] }[];
}

/** One question in the envelope; raises `Failure`. */
export async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin", headers: { Accept: "application/json" } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure("unreachable", "the server did not answer");
  }
  if (response.status === 401) throw new Failure("signed-out", "no session", 401);
  let envelope: Envelope<T>;
  try {
    envelope = (await response.json()) as Envelope<T>;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure("failed", `the server answered ${response.status} without words`);
  }
  if (response.ok && envelope.data !== undefined) return envelope.data;
  const reason = envelope.error ?? `the server answered ${response.status}`;
  const spot = envelope.position === undefined ? null : { from: envelope.position, to: envelope.end ?? envelope.position + 1 };
  throw new Failure(response.status >= 400 && response.status < 500 ? "refused" : "failed", reason, response.status, spot);
}

function form(fields: Record<string, string>): RequestInit {
  return { method: "POST", body: new URLSearchParams(fields) };
}

/** A range query; times and step in milliseconds. */
export async function queryRange(
  expression: { promql: string },
  startMs: number,
  endMs: number,
  stepMs: number,
  signal: AbortSignal | null,
): Promise<MatrixSeries[]> {
  const fields = {
    query: expression.promql,
    start: String(startMs / 1000),
    end: String(endMs / 1000),
    step: String(stepMs / 1000),
  };
  return (await ask<Matrix>("/api/v1/query_range", { ...form(fields), signal })).result;
}

/** An instant query, of now where no instant is given: the labels and the value of its first series, or null. */
export async function queryFirst(promql: string, atMs?: number): Promise<{ labels: Labels; value: number } | null> {
  const time = atMs === undefined ? {} : { time: String(atMs / 1000) };
  const first = (await ask<Vector>("/api/v1/query", form({ query: promql, ...time }))).result[0];
  return first === undefined ? null : { labels: first.metric, value: Number(first.value[1]) };
}
