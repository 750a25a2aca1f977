"""What the doctor finds: one thing about a server, in words. Values only."""

from enum import IntEnum

import msgspec


class Level(IntEnum):
    """How much a finding matters, in rising order.

    `FACT` says what is so, `GOOD` that something works, `ADVICE` that something is missing which one may want,
    `PROBLEM` that something is broken.
    """

    FACT = 0
    GOOD = 1
    ADVICE = 2
    PROBLEM = 3

    @property
    def word(self) -> str:
        """The level's name as people and programs read it."""
        return self.name.lower()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found.

    Attributes:
        topic: What it is about, in one or two words.
        level: How much it matters.
        words: What is so.
        remedy: What to do about it; "" where nothing need be done.
    """

    topic: str
    level: Level
    words: str
    remedy: str = ""


def fact(topic: str, words: str) -> Finding:
    """Return a finding that only says what is so."""
    return Finding(topic=topic, level=Level.FACT, words=words)


def good(topic: str, words: str) -> Finding:
    """Return a finding of something that works."""
    return Finding(topic=topic, level=Level.GOOD, words=words)


def advice(topic: str, words: str, remedy: str) -> Finding:
    """Return a finding of something that is missing."""
    return Finding(topic=topic, level=Level.ADVICE, words=words, remedy=remedy)


def problem(topic: str, words: str, remedy: str) -> Finding:
    """Return a finding of something that is broken."""
    return Finding(topic=topic, level=Level.PROBLEM, words=words, remedy=remedy)
