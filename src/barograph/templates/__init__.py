"""Prometheus' template language for labels and annotations, interpreted within limits and with no way to Python."""
