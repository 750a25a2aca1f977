"""Who may come in: log-in codes, sessions, the local administrator's token. Decides; stores nothing itself."""
