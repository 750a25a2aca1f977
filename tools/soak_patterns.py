"""Matches regular expressions that hang other engines: `make soak S=patterns`.

usage: soak_patterns.py [--count N] [--seed N] [--results DIR]

Each goes through what every regular expression of a user goes through: `model.matcher`.
"""

import random
import sys
import time

from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher, MatchOp
from proof import SECURITY, Figure, Proof, conclude, read_options

PATTERNS = 1_000
PROOF = Proof(
    row=20,
    name="patterns",
    fault="Regular expressions that take other engines for ever (ReDoS)",
    promise="Each is refused at once or matches in time that grows with the text alone.",
    method="Nested and overlapping repetitions, huge counts, alternations of prefixes and classes, each over texts that "
    "nearly match, as matchers; CPU time of compiling one and matching a text of up to 8,000 characters.",
)
INNER = (
    "a",
    "[a-z]",
    "\\w",
    ".",
    "a|a",
    "a|aa",
    "(?:a|b)",
    "\\d|[0-9]",
    "a?",
    "(a)",
    "[^b]",
    "\\S",
    "é",
    "a*",
    "a{1,9}",
)
OUTER = (
    "({})+",
    "({})*",
    "(({})+)+",
    "(({})*)*",
    "({}){{1,30}}",
    "({})*?({})*",
    "({})+$",
    "^(({})+)+x",
    "({}|{})*y",
    "(?i:{})+",
)


def pattern(chance: random.Random) -> str:
    """Return a pattern that is likely evil."""
    text = chance.choice(INNER)
    for _ in range(chance.randrange(1, 5)):
        outer = chance.choice(OUTER)
        text = outer.format(*(text for _ in range(outer.count("{}"))))
        if len(text) > 2000:
            break
    kind = chance.randrange(8)
    if kind == 0:
        return text + "{1000}" * chance.randrange(1, 4)
    if kind == 1:
        return "(" * 1500 + "a" + ")*" * 1500
    if kind == 2:
        return "|".join(f"{'a' * n}b" for n in range(300))
    return text + chance.choice(("", "x", "$", "\\b", "c{0,200}"))


def main() -> int:
    """Run and print."""
    options = read_options("Match evil patterns.", PATTERNS, SECURITY)
    chance = random.Random(options.seed)
    took_ms, refused = [], 0
    for _ in range(options.count):
        evil = pattern(chance)
        text = chance.choice(("a", "ab", "aé", "0", "a ")) * chance.randrange(1, 4000) + "!"
        started_s = time.thread_time()
        try:
            Matcher("name", MatchOp.REGEX, evil).matches(text)
        except QueryError:
            refused += 1
        took_ms.append(1e3 * (time.thread_time() - started_s))
    took_ms.sort()
    figures = [
        Figure(name="patterns", value=options.count),
        Figure(name="refused with words", value=refused),
        Figure(name="CPU time of a pattern, p50", value=round(took_ms[len(took_ms) // 2], 3), unit="ms"),
        Figure(name="CPU time of a pattern, p99", value=round(took_ms[int(len(took_ms) * 0.99)], 3), unit="ms"),
        Figure(name="CPU time of a pattern, most", value=round(took_ms[-1], 3), unit="ms"),
        Figure(name="took more than 10 ms", value=sum(took > 10 for took in took_ms)),
        Figure(name="took more than a second", value=sum(took > 1e3 for took in took_ms), must_be=0),
    ]
    return conclude(PROOF, figures, options)


if __name__ == "__main__":
    sys.exit(main())
