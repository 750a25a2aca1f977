"""Telling people: one message format a receiver, and a durable queue that delivers each at least once, in order."""
