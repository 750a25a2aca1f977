"""When, and under which limits, samples enter the store."""
