"""Bytes <-> model, no I/O."""
