// Alerts for tests.

import type { Alert, AlertList } from "../src/lib/alerts";

export function alert(id: number, more: Partial<Alert> = {}): Alert {
  return {
    id,
    name: "IoPressure",
    title: "I/O pressure high",
    description: "restic does 91 % of the disk I/O",
    runbook: "",
    severity: "critical",
    state: "firing",
    part: "needs",
    host: "atlas",
    since: 1000,
    began: 985,
    fired: 1000,
    ended: null,
    value: 52,
    rule: { file: "host/pressure.yml", group: "host", name: "IoPressure", line: 14, expression: "x > 20", limit: 20, is_above: true },
    labels: { alertname: "IoPressure", instance: "atlas", severity: "critical" },
    annotations: {},
    assignee: "",
    acknowledgment: null,
    silenced_by: [],
    inhibited_by: null,
    told: [],
    ...more,
  };
}

export function listOf(...alerts: Alert[]): AlertList {
  const count = (part: string) => alerts.filter((each) => each.part === part).length;
  return {
    alerts,
    total: alerts.length,
    counts: { needs: count("needs"), acknowledged: count("acknowledged"), silenced: count("silenced"), pending: count("pending"), worst: "critical" },
    nobody_told: false,
  };
}

export const held = (more: object = {}) => ({ by: "ann", at: 1010, reason: "order placed, ticket 1841", until: null, sticky: false, ...more });
export const say = (seconds: number) => `at${seconds}`;
export const plain = (text: string) => text.replaceAll("\u00a0", " ");
