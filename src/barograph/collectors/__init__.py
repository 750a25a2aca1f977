"""Kernel -> batch: one file per subsystem, with node_exporter's names. May import formats and model only."""
