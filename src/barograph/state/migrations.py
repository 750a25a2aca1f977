"""The steps of state.db's layout. Each brings the file from the version before it to the next.

They are never edited once released; a new one is added at the end.
"""

_SESSIONS = """
CREATE TABLE session (
  id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL, role TEXT NOT NULL,
  created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL
);
CREATE TABLE login_code (code_hash TEXT PRIMARY KEY, expires_ms BIGINT NOT NULL);
"""
_PEOPLE = """
ALTER TABLE session ADD COLUMN remote TEXT NOT NULL DEFAULT '';
ALTER TABLE login_code ADD COLUMN user_name TEXT NOT NULL DEFAULT 'local administrator';
CREATE TABLE account (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, password_hash TEXT NOT NULL, created_ms BIGINT NOT NULL
);
CREATE TABLE token (
  id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, name TEXT NOT NULL,
  user_name TEXT NOT NULL, scopes TEXT NOT NULL, created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL,
  per_minute BIGINT NOT NULL, last_used_ms BIGINT NOT NULL
);
CREATE TABLE audit (
  number BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, actor TEXT NOT NULL, via TEXT NOT NULL, source TEXT NOT NULL,
  action TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
"""
_ALERTS = """
CREATE TABLE alert (number BIGINT PRIMARY KEY, ended_ms BIGINT NOT NULL, record BYTEA NOT NULL);
CREATE INDEX alert_ended ON alert (ended_ms, number);
CREATE TABLE alert_transition (
  number BIGINT PRIMARY KEY, alert BIGINT NOT NULL, at_ms BIGINT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL,
  actor TEXT NOT NULL, words TEXT NOT NULL
);
CREATE INDEX alert_transition_alert ON alert_transition (alert, number);
CREATE INDEX alert_transition_kind ON alert_transition (kind, at_ms);
CREATE TRIGGER alert_transition_stays BEFORE UPDATE ON alert_transition
BEGIN SELECT RAISE(ABORT, 'the history of alerts is only added to'); END;
CREATE TRIGGER alert_transition_keeps BEFORE DELETE ON alert_transition
BEGIN SELECT RAISE(ABORT, 'the history of alerts is only added to'); END;
"""
_DELIVERIES = """
CREATE TABLE delivery (
  number BIGINT PRIMARY KEY, receiver TEXT NOT NULL, group_key TEXT NOT NULL, notice_key TEXT NOT NULL,
  state TEXT NOT NULL, document BYTEA NOT NULL, UNIQUE (receiver, notice_key)
);
CREATE INDEX delivery_waiting ON delivery (receiver, state, group_key, number);
CREATE TABLE delivery_attempt (
  number BIGINT PRIMARY KEY, delivery BIGINT NOT NULL, at_ms BIGINT NOT NULL, document BYTEA NOT NULL
);
"""
_SILENCES = "CREATE TABLE silence (id TEXT PRIMARY KEY, starts_ms BIGINT NOT NULL, document BYTEA NOT NULL);"
_NOTIFYING = """
ALTER TABLE alert ADD COLUMN subject BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN fired_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN acknowledged_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alert_subject ON alert (subject, number);
CREATE INDEX alert_times ON alert (ended_ms, fired_ms, acknowledged_ms);
DROP INDEX alert_transition_kind;
CREATE INDEX alert_transition_kind_at ON alert_transition (kind, at_ms, number);
CREATE INDEX alert_transition_at ON alert_transition (at_ms, number);
CREATE TABLE alert_processes (at_ms BIGINT PRIMARY KEY, document BYTEA NOT NULL);
ALTER TABLE delivery ADD COLUMN summary BYTEA;
ALTER TABLE delivery_attempt ADD COLUMN receiver TEXT NOT NULL DEFAULT '';
CREATE INDEX delivery_attempt_receiver ON delivery_attempt (receiver, number);
CREATE INDEX delivery_attempt_delivery ON delivery_attempt (delivery, number);
CREATE TABLE delivery_alert (alert BIGINT NOT NULL, delivery BIGINT NOT NULL, PRIMARY KEY (alert, delivery));
CREATE TABLE told (
  receiver TEXT NOT NULL, group_key TEXT NOT NULL, document BYTEA NOT NULL, PRIMARY KEY (receiver, group_key)
);
CREATE TABLE told_up_to (id BIGINT PRIMARY KEY, number BIGINT NOT NULL);
"""
_FORGETTING = """
CREATE INDEX delivery_attempt_at ON delivery_attempt (at_ms, delivery);
CREATE INDEX delivery_alert_delivery ON delivery_alert (delivery);
"""
_TITLES = """
ALTER TABLE alert_transition ADD COLUMN title TEXT NOT NULL DEFAULT '';
CREATE INDEX alert_transition_title ON alert_transition (alert, number) WHERE title <> '';
"""
_WAYS = "CREATE TABLE way (id TEXT PRIMARY KEY, mark TEXT NOT NULL);"

MIGRATIONS = (_SESSIONS, _PEOPLE, _ALERTS, _DELIVERIES, _SILENCES, _NOTIFYING, _FORGETTING, _TITLES, _WAYS)
VERSION = len(MIGRATIONS)
