"""Which group a process belongs to: process-exporter's `process_names`, with unit and container as further words.

The first entry that fits names the group; a process that none fits is in no group. Regexes are RE2's, as all of users.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from barograph.collectors.filters import compile_pattern
from barograph.collectors.process.record import Process
from barograph.model.errors import ConfigError
from barograph.model.processes import ProcessFacts

KERNEL = "kernel"
"""The group of the kernel's threads, whose names come and go with its work queues."""
_WORD = re.compile(r"\{\{\s*\.([A-Za-z]+)(?:\.([A-Za-z_]\w*))?\s*\}\}")
_WORDS = ("Comm", "ExeBase", "ExeFull", "Username", "PID", "StartTime", "Cgroups", "Unit", "Container", "Matches")


class ProcessNaming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `names`; what is given must all fit.

    Attributes:
        name: The group's name: text with {{.Comm}}, {{.ExeBase}}, {{.ExeFull}}, {{.Username}}, {{.Unit}},
            {{.Container}}, {{.Cgroups}}, {{.PID}}, {{.StartTime}} and {{.Matches.<name of a regex group>}}.
        comm: The process has one of these names (the kernel keeps 15 bytes of them).
        exe: Its first argument is one of these, by full path or, without a slash, by its last part.
        cmdline: Regexes which must all be found in its arguments, joined by spaces.
    """

    name: str = "{{.Comm}}"
    comm: tuple[str, ...] = ()
    exe: tuple[str, ...] = ()
    cmdline: tuple[str, ...] = ()


class Namer:
    """Names groups.

    Raises:
        ConfigError: A regex or a word of a name cannot be used; names the entry.
    """

    def __init__(self, entries: Sequence[ProcessNaming]) -> None:
        self._entries = [_Entry(entry, f"collectors.process.names[{number}]") for number, entry in enumerate(entries)]

    def name(self, process: Process, facts: ProcessFacts) -> str:
        """Return the group of a process; empty where none is its."""
        if process.stat.is_kernel:
            return KERNEL
        words = _words(process, facts)
        for entry in self._entries:
            name = entry.name(words, process.arguments)
            if name:
                return name
        return ""


class _Entry:
    def __init__(self, entry: ProcessNaming, place: str) -> None:
        for word in _WORD.finditer(entry.name):
            if word[1] not in _WORDS or (word[1] == "Matches") != bool(word[2]):
                known = ", ".join(word for word in _WORDS if word != "Matches")
                message = f"{word[0]} is no word of a group's name: there are {known} and Matches.<group>"
                raise ConfigError(message, path=f"{place}.name")
        self._name = entry.name
        self._comm = frozenset(entry.comm)
        self._exe = frozenset(entry.exe)
        self._regexes = [
            compile_pattern(f"{place}.cmdline[{number}]", text) for number, text in enumerate(entry.cmdline)
        ]

    def name(self, words: Mapping[str, str], arguments: Sequence[str]) -> str:
        if self._comm and words["Comm"] not in self._comm:
            return ""
        if self._exe and words["ExeFull"] not in self._exe and words["ExeBase"] not in self._exe:
            return ""
        matches: dict[str, str] = {}
        line = " ".join(arguments) if self._regexes else ""
        for regex in self._regexes:
            found = regex.search(line)
            if found is None:
                return ""
            matches.update({key: value or "" for key, value in found.groupdict().items()})
        return _WORD.sub(lambda word: matches.get(word[2], "") if word[2] else words[word[1]], self._name)


def _words(process: Process, facts: ProcessFacts) -> dict[str, str]:
    exe = process.arguments[0] if process.arguments else ""
    return {
        "Comm": facts.name,
        "ExeFull": exe,
        "ExeBase": exe.rpartition("/")[2],
        "Username": facts.user,
        "PID": process.pid,
        "StartTime": str(facts.start_ms // 1000),
        "Cgroups": process.membership.path,
        "Unit": facts.unit,
        "Container": facts.container,
    }
