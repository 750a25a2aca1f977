"""Compares our collectors with a golden output of node_exporter, family by family, over one tree.

`make golden` runs it. Without arguments it unpacks the conformance fixture and uses the options of its NOTICE. Families
of collectors that do not exist yet count as missing.
"""

import argparse
import math
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.flags import DISABLE_DEFAULTS, apply_flags, collector_of
from barograph.collectors.procfs import Paths
from barograph.collectors.registry import COLLECTORS
from barograph.formats.exposition import Exposition, format_exposition, parse_exposition
from barograph.model.batch import MetricType
from barograph.model.clock import Clock, SystemClock
from barograph.model.errors import CollectError, ConfigError
from barograph.model.labels import Labels

_FIXTURE = Path(__file__).resolve().parent.parent.parent / "shared/conformance/node_exporter-golden"

_UPSTREAM_TREE = "collector/fixtures"
# the options of the fixture's NOTICE that are about collectors we have; the others say "not built" one by one
_NOTICE_OPTIONS = r"""
--no-collector.selinux --no-collector.filesystem --no-collector.timex --no-collector.uname
--collector.cpu.info --collector.cpu.info.bugs-include=^(cpu_meltdown|spectre_.*|mds)$
--collector.cpu.info.flags-include=^(aes|avx.?|constant_tsc)$
--collector.arp.device-exclude=nope --no-collector.arp.netlink --collector.bcache.priorityStats
--collector.hwmon.chip-include=(applesmc|asus_nb_wmi|coretemp|hwmon4|ieee80211|nct6779)
--collector.netclass.ignore-invalid-speed --collector.netclass.ignored-devices=(dmz|int)
--collector.netdev.device-include=lo --collector.qdisc.device-include=(wlan0|eth0)
--collector.qdisc --collector.qdisc.fixtures=fixtures/qdisc/ --collector.wifi --collector.wifi.fixtures=fixtures/wifi
--collector.lnstat --collector.mountstats --collector.xfrm --collector.buddyinfo --collector.softirqs
--collector.drbd --collector.interrupts --collector.ksmd --collector.meminfo_numa --collector.slabinfo
--collector.sysctl --collector.zoneinfo --collector.pcidevice --collector.kernel_hung --collector.cgroups
--collector.cpu_vulnerabilities
--collector.stat.softirq --collector.sysctl.include-info=kernel.seccomp.actions_avail
--collector.sysctl.include=fs.file-nr --collector.sysctl.include=fs.file-nr:total,current,max
--collector.sysctl.include=kernel.threads-max --collector.textfile.directory=fixtures/textfile/two_metric_files/
"""

# what the golden leaves out or takes from the machine that made it (NOTICE): of no collector, or of the live kernel
_OWN = ("promhttp_", "go_", "process_", "node_exporter_build_info", "node_scrape_collector_")
# upstream asks the live machine's netlink for these: a tree without net/dev says nothing of them
_LIVE_NETWORK = ("node_network_receive_", "node_network_transmit_")
_DROPPED_SAMPLES = (
    "node_time_zone",
    "node_time_seconds",
    "node_textfile_mtime_seconds",
    "node_network_receive_bytes_total",
    "node_network_receive_packets_total",
    "node_network_transmit_bytes_total",
    "node_network_transmit_packets_total",
)


@dataclass(slots=True)
class Comparison:
    """The names of the families, by how they compare."""

    identical: list[str] = field(default_factory=list)
    differing: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)

    def totals(self) -> str:
        """Return the last line of the report."""
        counts = (self.identical, self.differing, self.missing, self.surplus)
        words = ("identical", "differing", "missing", "surplus")
        return ", ".join(f"{word} {len(names)}" for word, names in zip(words, counts, strict=True))


@dataclass(slots=True)
class _Seen:
    """One side's view of one family."""

    type: MetricType | None = None
    samples: dict[Labels, float] = field(default_factory=dict)


def compare(ours: Exposition, expected: Exposition, left_out: tuple[str, ...] = ()) -> Comparison:
    """Compare by family: type, label sets and values as numbers; HELP is in our own words.

    Args:
        ours: What our collectors say.
        expected: What node_exporter says.
        left_out: How names begin that the tree says nothing of.
    """
    mine, theirs = (
        {name: seen for name, seen in _by_family(side).items() if not name.startswith(left_out)}
        for side in (ours, expected)
    )
    found = Comparison()
    for name in sorted({*mine, *theirs}):
        left, right = mine.get(name), theirs.get(name)
        if right is None:
            found.surplus.append(name)
        elif left is None:
            found.missing.append(name)
        elif reasons := list(_differences(left, right)):
            found.differing[name] = reasons
        else:
            found.identical.append(name)
    return found


def collect(tree: Path, options: Sequence[str], clock: Clock) -> tuple[Exposition, list[str]]:
    """Run our collectors over a tree; returns what they say and remarks for people."""
    known = [option for option in options if option == DISABLE_DEFAULTS or collector_of(option) in COLLECTORS]
    # upstream runs in the folder that has `fixtures`
    known = [option.replace("=fixtures/", f"={tree}/") for option in known]
    unbuilt = sorted({collector_of(option) for option in options} - {"", *COLLECTORS})
    remarks = [f"not built: {name}" for name in unbuilt]
    paths = Paths(procfs=tree / "proc", sysfs=tree / "sys", rootfs=tree, udev_data=tree / "udev/data")
    config = apply_flags(CollectorsConfig(), known)
    parts = []
    for scheduled in build_collectors(config, paths, clock, _node_exporters(config)):
        collector = scheduled.collector
        try:
            batch = collector.collect(clock.now_ms())
        except CollectError as error:
            remarks.append(f"{collector.name} gave nothing: {error}")
            continue
        parts.append((batch.schema, batch.values.copy(), None))
        collector.close()
    # a label that holds a path begins with that of the folder in which upstream's tree lies
    text = format_exposition(parts).replace(f'="{tree}/'.encode(), f'="{_UPSTREAM_TREE}/'.encode())
    return parse_exposition(text), remarks


def _node_exporters(config: CollectorsConfig) -> list[str]:
    """Return the enabled collectors that node_exporter has too: others' families are not its names."""
    return [
        name
        for name, entry in COLLECTORS.items()
        if config.is_enabled(name) and any(family.name.startswith("node_") for family in entry.families)
    ]


def join_values(words: Sequence[str]) -> list[str]:
    """Return flags in their form `--flag=value`, where a value may have stood by itself."""
    flags: list[str] = []
    for word in words:
        if word.startswith("--") or not flags:
            flags.append(word)
        else:
            flags[-1] += f"={word}"
    return flags


def report(found: Comparison) -> str:
    """Return the report: a line for each family, and the four totals last."""
    lines = [f"identical {name}" for name in found.identical]
    for name, reasons in found.differing.items():
        lines += [f"differing {name}", *(f"    {reason}" for reason in reasons[:5])]
    lines += [f"missing {name}" for name in found.missing]
    lines += [f"surplus {name}" for name in found.surplus]
    return "\n".join([*lines, found.totals()])


def main(argv: Sequence[str]) -> int:
    """Run the comparison; 0 whatever it found, 1 where it could not be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, help="folder with proc, sys, udev/data")
    parser.add_argument("--expected", type=Path, help="text that node_exporter gave over that tree")
    parser.add_argument("--options", type=Path, help="file with --collector... flags, separated by whitespace")
    arguments = parser.parse_args(argv)
    text = arguments.options.read_text() if arguments.options else _NOTICE_OPTIONS
    expected = arguments.expected or _FIXTURE / "e2e-output.txt"
    try:
        with _tree(arguments.tree) as tree:
            ours, remarks = collect(tree, join_values(text.split()), SystemClock())
            live = () if (tree / "proc/net/dev").exists() else _LIVE_NETWORK
        found = compare(ours, parse_exposition(expected.read_bytes()), live)
    except (OSError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join([*remarks, report(found)]))
    return 0


@contextmanager
def _tree(given: Path | None) -> Iterator[Path]:
    """Yield the tree to read: the given one, or the fixture unpacked for as long as it is needed."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, tarfile.open(_FIXTURE / "fixtures.tar.gz") as archive:
        archive.extractall(folder, filter="tar")
        yield Path(folder) / "fixtures"


def _by_family(exposition: Exposition) -> dict[str, _Seen]:
    """Sort samples under their families. Families whose samples the golden drops keep only their type."""
    seen: dict[str, _Seen] = {}
    for name, family in exposition.families.items():
        if not name.startswith(_OWN):
            seen[name] = _Seen(family.type)
    for sample in exposition.samples:
        name = sample.labels.name
        owner = next((stem for stem in _stems(name) if stem in seen), name)
        if not owner.startswith((*_OWN, *_DROPPED_SAMPLES)):
            seen.setdefault(owner, _Seen()).samples[sample.labels] = sample.value
    return seen


def _stems(name: str) -> Iterator[str]:
    yield name
    for suffix in ("_sum", "_count", "_bucket"):
        if name.endswith(suffix):
            yield name.removesuffix(suffix)


def _differences(ours: _Seen, theirs: _Seen) -> Iterator[str]:
    if ours.type is not theirs.type:
        yield f"type {ours.type} instead of {theirs.type}"
    for labels, value in theirs.samples.items():
        if labels not in ours.samples:
            yield f"missing {labels}"
        elif ours.samples[labels] != value and not (math.isnan(ours.samples[labels]) and math.isnan(value)):
            yield f"{labels} is {ours.samples[labels]!r} instead of {value!r}"
    for labels in ours.samples.keys() - theirs.samples.keys():
        yield f"surplus {labels}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
