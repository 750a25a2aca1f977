// What the server says of itself: which host this is, how often it collects, whether it can store.

import { ask } from "./api";

export interface Collector {
  name: string;
  /** `ok`, `no_data`, `failing`, `hung`. */
  state: string;
  reason: string;
}

export interface Status {
  /** The host whose series this server collects: the `instance` label. */
  host: string;
  intervalMs: number;
  version: string;
  storeReadOnly: boolean;
  storeReason: string;
  collectors: readonly Collector[];
}

interface Wire {
  instance: string;
  interval_ms: number;
  barograph_version?: string;
  store_read_only: boolean;
  store_reason: string;
  collectors?: Collector[];
}

/** Ask for it; raises `Failure` as every question does. */
export async function readStatus(): Promise<Status> {
  const wire = await ask<Wire>("/api/barograph/v1/status", { method: "GET" });
  return {
    host: wire.instance,
    intervalMs: wire.interval_ms > 0 ? wire.interval_ms : 1000,
    version: wire.barograph_version ?? "",
    storeReadOnly: wire.store_read_only,
    storeReason: wire.store_reason,
    collectors: wire.collectors ?? [],
  };
}
