"""What is known of a collector without building it: each module ends in its `ENTRY`, and registry.py lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from barograph.collectors.base import CollectorSection, Host
from barograph.model.batch import Family
from barograph.model.protocols import Collector

Factory = Callable[[Host, Any], Collector]
"""Builds a collector from the host and the section of its own type (`CollectorEntry.section`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorEntry:
    """What is known of a collector without building it.

    Attributes:
        factory: Builds it; raises ConfigError where an option cannot be used.
        section: The type of its section in the configuration.
        default: Whether it runs where the configuration says nothing.
        summary: One line for people.
        files: What it reads, below the roots of `Paths`; calls of the kernel by name.
        privileges: What root, or the capability it names, would add; empty where everybody sees all.
        families: The metric families it may give; `*` in a name stands for a field's name.
    """

    factory: Factory
    section: type[CollectorSection]
    default: bool
    summary: str
    files: tuple[str, ...]
    families: tuple[Family, ...]
    privileges: str = ""
