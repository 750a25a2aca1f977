"""The embedded store: a head in memory, a durable ring of ticks, compressed blocks in one file a day. Usable alone."""
