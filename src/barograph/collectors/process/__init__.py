"""Processes: one pass over /proc a sample, process-exporter's families for groups, samples for the flight recorder."""
