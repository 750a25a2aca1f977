// Who may do what: users, log-in links, sessions, tokens, the audit log. Asks the server; each call raises `Failure`.

import { ask } from "./api";

const OWN = "/api/barograph/v1";

export const ROLES = ["viewer", "operator", "editor", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const MAY: Readonly<Record<Role, string>> = {
  viewer: "looks",
  operator: "looks, acknowledges and silences",
  editor: "an operator who changes rules and receivers",
  admin: "everything",
};

/** What a token is good for, and the least role that can give it. */
export const SCOPES: readonly { code: string; text: string; role: Role }[] = [
  { code: "read", text: "read", role: "viewer" },
  { code: "acknowledge", text: "acknowledge and silence", role: "operator" },
  { code: "write", text: "write samples", role: "admin" },
  { code: "admin", text: "everything its owner may", role: "viewer" },
];

export interface Me {
  name: string;
  role: Role;
}

export interface User {
  name: string;
  role: Role;
  has_password: boolean;
  created: number;
}

export interface Session {
  id: string;
  user: string;
  source: string;
  created: number;
  expires: number;
  current: boolean;
}

export interface Token {
  id: string;
  prefix: string;
  name: string;
  user: string;
  scopes: string[];
  created: number;
  expires: number | null;
  last_used: number | null;
  per_minute: number;
}

export interface AuditEntry {
  number: number;
  at: number;
  actor: string;
  via: string;
  source: string;
  action: string;
  target: string;
  outcome: string;
}

const get = <T>(path: string): Promise<T> => ask<T>(OWN + path, { method: "GET" });
const post = <T>(path: string, fields: Record<string, string> | [string, string][]): Promise<T> => ask<T>(OWN + path, { method: "POST", body: new URLSearchParams(fields) });
const remove = (path: string): Promise<unknown> => ask(OWN + path, { method: "DELETE" });
const at = (name: string): string => encodeURIComponent(name);

export const readMe = (): Promise<Me> => get("/me");
export const readUsers = (): Promise<User[]> => get("/users");
export const addUser = (name: string, role: Role, password: string): Promise<unknown> => post("/users", { name, role, password });
export const changeRole = (name: string, role: Role): Promise<unknown> => post(`/users/${at(name)}`, { role });
export const removeUser = (name: string): Promise<unknown> => remove(`/users/${at(name)}`);
export const makeLink = (user: string): Promise<{ path: string; expires: number }> => post("/login-links", { user });
export const changePassword = (old: string, password: string): Promise<unknown> => post("/me/password", { old_password: old, password });
export const readSessions = (): Promise<Session[]> => get("/sessions");
export const endSession = (id: string): Promise<unknown> => remove(`/sessions/${at(id)}`);
export const readTokens = (): Promise<Token[]> => get("/tokens");
export const makeToken = (name: string, scopes: readonly string[], expires: string): Promise<{ id: string; token: string; expires: number | null }> =>
  post("/tokens", [["name", name], ["expires", expires], ...scopes.map((scope): [string, string] => ["scope", scope])]);
export const revokeToken = (id: string): Promise<unknown> => remove(`/tokens/${at(id)}`);
/** So many entries has a page of the audit log. */
export const AUDIT_PAGE = 100;

export const readAudit = (before: number): Promise<AuditEntry[]> => get(`/audit?limit=${AUDIT_PAGE}${before > 0 ? `&before=${before}` : ""}`);

/** Whether a role may do what another may. */
export const isAtLeast = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least);
