"""Small precious state (sessions, log-in codes) behind `model.state.StateStore`: SQLite in state.db."""
