"""Pure functions on what was measured: who did it, and what changed."""
