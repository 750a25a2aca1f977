"""Builders and fakes for tests; never imported by src."""
