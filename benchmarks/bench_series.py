"""A million series in the label index: memory each, time to build, time to select; beside a dictionary of sets.

usage: bench_series.py [--series 1000000]
"""

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path

import re2

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb.index import LabelIndex, collector_at_rest
from report import Row, report


def labels(number: int) -> Labels:
    """Return one series of a fleet: 200 metrics of a host, and what tells hosts apart."""
    host = number // 200
    return Labels.from_sorted(
        (
            ("__name__", f"metric_name_number_{number % 200}_total"),
            ("instance", f"host-{host:05d}.example.com:9100"),
            ("job", "node"),
            ("rack", f"rack-{host // 40}"),
            ("zone", f"zone-{host % 7}"),
        )
    )


def resident_bytes() -> int:
    """Return this process's resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def least_ms(work: Callable[[], object], times: int = 5) -> float:
    """Return the least of some runs, in milliseconds."""
    found: list[float] = []
    for _ in range(times):
        started_s = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - started_s))
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--series", type=int, default=1_000_000)
    count = parser.parse_args().series
    gc.collect()
    before = resident_bytes()
    index = LabelIndex()
    started_s = time.process_time()
    with collector_at_rest():
        for first in range(0, count, 50_000):
            index.add_all(labels(number) for number in range(first, min(first + 50_000, count)))
    build_s = time.process_time() - started_s
    each = (resident_bytes() - before) / count
    name = Matcher("__name__", MatchOp.EQUAL, "metric_name_number_7_total")
    some = Matcher("instance", MatchOp.REGEX, r"host-00[0-4]\d\d.*")
    prefix = Matcher("__name__", MatchOp.REGEX, "metric_name_number_1.*")
    either = Matcher("instance", MatchOp.REGEX, r"host-00001\.example\.com:9100|host-00002\.example\.com:9100")
    pattern = re2.compile(some.value)
    sets: dict[tuple[str, str], set[int]] = {}
    for number, one in enumerate(index.labels):
        for pair in one.pairs:
            sets.setdefault(pair, set()).add(number)

    def naive() -> set[int]:
        hosts = [found for (key, value), found in sets.items() if key == "instance" and pattern.fullmatch(value)]
        return sets["__name__", name.value] & set().union(*hosts)

    naive_ms = least_ms(naive)
    both_ms = least_ms(lambda: index.match([name, some]))
    if int(index.match([name, some]).sum()) != len(naive()):
        raise SystemExit("the index and the sets do not agree")
    reference = "dictionary of sets, same regular expression"
    report(
        "series",
        [
            Row(name=f"memory, {count:,} series of 5 labels", figure=each, unit="B a series"),
            Row(name="build", figure=build_s, unit="CPU s"),
            Row(name="equality and regular expression", figure=both_ms, unit="ms", reference=reference,
                ratio=both_ms / naive_ms),
            Row(name="regular expression with a prefix", figure=least_ms(lambda: index.match([prefix])), unit="ms"),
            Row(name="alternation", figure=least_ms(lambda: index.match([either])), unit="ms"),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
