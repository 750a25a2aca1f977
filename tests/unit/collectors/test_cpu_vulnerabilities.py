# ruff: noqa: E501  a series stands in one line
from pathlib import Path

import pytest

from barograph.collectors.cpu_vulnerabilities import CpuVulnerabilitiesCollector, CpuVulnerabilitiesConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = CpuVulnerabilitiesCollector(host_in(tmp_path, "cpu_vulnerabilities"), CpuVulnerabilitiesConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_cpu_vulnerabilities_info{codename="gds", mitigation="Unknown: Dependent on hypervisor status", state="unknown"}': 1,
        'node_cpu_vulnerabilities_info{codename="l1tf", state="not affected"}': 1,
        'node_cpu_vulnerabilities_info{codename="mds", mitigation="Clear CPU buffers attempted", state="vulnerable"}': 1,
        'node_cpu_vulnerabilities_info{codename="srso", mitigation="Safe RET", state="mitigation"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="vulnerabilities does not exist"):
        CpuVulnerabilitiesCollector(host_in(tmp_path), CpuVulnerabilitiesConfig()).collect(1)
