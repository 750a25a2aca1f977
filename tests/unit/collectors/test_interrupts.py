from pathlib import Path

import pytest

from barograph.collectors.interrupts import InterruptsCollector, InterruptsConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = InterruptsCollector(host_in(tmp_path, "interrupts"), InterruptsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_interrupts_total{cpu="0", devices="2-edge timer", info="IR-IO-APIC", type="0"}': 18,
        'node_interrupts_total{cpu="1", devices="2-edge timer", info="IR-IO-APIC", type="0"}': 0,
        'node_interrupts_total{cpu="0", devices="acpi, usb", info="IO-APIC-fasteoi", type="9"}': 1,
        'node_interrupts_total{cpu="1", devices="acpi, usb", info="IO-APIC-fasteoi", type="9"}': 2,
        'node_interrupts_total{cpu="0", info="Non-maskable interrupts", type="NMI"}': 47,
        'node_interrupts_total{cpu="1", info="Non-maskable interrupts", type="NMI"}': 5031,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="interrupts does not exist"):
        InterruptsCollector(host_in(tmp_path), InterruptsConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/interrupts", " CPU0\n 0: x timer y\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "interrupts")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        InterruptsCollector(host, InterruptsConfig()).collect(1)


def test_filters(tmp_path: Path) -> None:
    only = InterruptsCollector(
        host_in(tmp_path, "interrupts"), InterruptsConfig(name_include="acpi", include_zeros=False)
    )
    assert {series.get("type") for series in only.collect(1).schema.series} == {"9"}
    without = InterruptsCollector(
        host_in(tmp_path, "interrupts"), InterruptsConfig(name_exclude="^NMI", include_zeros=False)
    )
    assert {(series.get("type"), series.get("cpu")) for series in without.collect(1).schema.series} == {
        ("0", "0"),
        ("9", "0"),
        ("9", "1"),
    }
