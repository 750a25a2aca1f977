from pathlib import Path

import pytest

from barograph.collectors.cpufreq import CpufreqCollector, CpufreqConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = CpufreqCollector(host_in(tmp_path, "cpufreq"), CpufreqConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_cpu_frequency_min_hertz{cpu="0"}': 1000000,
        'node_cpu_frequency_max_hertz{cpu="0"}': 3000000,
        'node_cpu_scaling_frequency_hertz{cpu="0"}': 1000000,
        'node_cpu_scaling_frequency_min_hertz{cpu="0"}': 4000000,
        'node_cpu_scaling_frequency_max_hertz{cpu="0"}': 5000000,
        'node_cpu_scaling_governor{cpu="0", governor="performance"}': 0,
        'node_cpu_scaling_governor{cpu="0", governor="powersave"}': 1,
        'node_cpu_frequency_hertz{cpu="10"}': 0,
        'node_cpu_frequency_min_hertz{cpu="10"}': 1000000,
        'node_cpu_frequency_max_hertz{cpu="10"}': 2000000,
        'node_cpu_scaling_frequency_hertz{cpu="10"}': 2000000,
        'node_cpu_scaling_frequency_min_hertz{cpu="10"}': 4000000,
        'node_cpu_scaling_frequency_max_hertz{cpu="10"}': 5000000,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="cpu does not exist"):
        CpufreqCollector(host_in(tmp_path), CpufreqConfig()).collect(1)

    (tmp_path / "sys/devices/system/cpu/cpu0").mkdir(parents=True)
    with pytest.raises(NoDataError):
        CpufreqCollector(host_in(tmp_path), CpufreqConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "x\n", "is no frequency"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "cpufreq")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        CpufreqCollector(host, CpufreqConfig()).collect(1)
