import os
from pathlib import Path

import pytest

from barograph.collectors.uname import UnameCollector, UnameConfig
from helpers.collectors import as_dict, host_in


def test_what_the_kernel_says_of_itself(tmp_path: Path) -> None:
    collector = UnameCollector(host_in(tmp_path, "uname"), UnameConfig())
    batch = collector.collect(1)
    (labels,) = batch.schema.series
    names = os.uname()
    assert labels.to_dict() == {
        "__name__": "node_uname_info",
        "sysname": names.sysname,
        "release": names.release,
        "version": names.version,
        "machine": names.machine,
        "nodename": names.nodename,
        "domainname": "example.org",
    }
    assert list(as_dict(batch).values()) == [1]
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_a_host_that_is_renamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    collector = UnameCollector(host_in(tmp_path), UnameConfig())
    before = collector.collect(1)
    assert before.schema.series[0].get("domainname") == "(none)"
    renamed = os.uname_result(("Linux", "other", "6", "#1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: renamed)
    after = collector.collect(2)
    assert after.schema is not before.schema
    assert after.schema.series[0].get("nodename") == "other"
    assert list(as_dict(after).values()) == [1]
