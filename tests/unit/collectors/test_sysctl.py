from pathlib import Path

import pytest

from barograph.collectors.sysctl import SysctlCollector, SysctlConfig
from barograph.model.errors import CollectError, ConfigError, NoDataError
from helpers.collectors import as_dict, host_in, lay_out

TREE = {
    "proc/sys/fs/file-nr": "1024\t0\t99\n",
    "proc/sys/kernel/threads-max": "7801\n",
    "proc/sys/kernel/ostype": "Linux\n",
    "proc/sys/net/ipv4/conf/eth0.1/forwarding": "1\n",
}


def test_numbers_and_text(tmp_path: Path) -> None:
    lay_out(tmp_path, TREE)
    names = ("fs.file-nr", "fs.file-nr:total,free,max", "kernel.threads-max", "net/ipv4/conf/eth0.1/forwarding")
    config = SysctlConfig(include=names, include_info=("kernel.ostype",))
    collector = SysctlCollector(host_in(tmp_path), config)
    assert as_dict(collector.collect(1)) == {
        'node_sysctl_fs_file_nr{index="0"}': 1024,
        'node_sysctl_fs_file_nr{index="1"}': 0,
        'node_sysctl_fs_file_nr{index="2"}': 99,
        "node_sysctl_fs_file_nr_total": 1024,
        "node_sysctl_fs_file_nr_free": 0,
        "node_sysctl_fs_file_nr_max": 99,
        "node_sysctl_kernel_threads_max": 7801,
        "node_sysctl_net_ipv4_conf_eth0_1_forwarding": 1,
        'node_sysctl_info{index="0", name="kernel.ostype", value="Linux"}': 1,
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kernel.ostype", "holds 'Linux': ask for it by include_info"),
        ("fs.file-nr:a,b", "holds 3 numbers, 2 have names"),
        ("kernel.nothing", "is there a sysctl kernel.nothing"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, words: str) -> None:
    lay_out(tmp_path, TREE)
    with pytest.raises(CollectError, match=words):
        SysctlCollector(host_in(tmp_path), SysctlConfig(include=(name,))).collect(1)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "fs..file", "a b", "fs.", "/etc"])
def test_what_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name of a sysctl") as caught:
        SysctlCollector(host_in(tmp_path), SysctlConfig(include=("fs.file-nr", name)))
    assert caught.value.path == "collectors.sysctl.include[1]"


def test_nothing_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="no sysctl is asked for"):
        SysctlCollector(host_in(tmp_path), SysctlConfig()).collect(1)
