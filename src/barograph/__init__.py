"""Barograph: the monitoring service for hosts that people install once and keep.

The package root offers nothing yet but its name; `Client` joins it with the Python API.
"""
