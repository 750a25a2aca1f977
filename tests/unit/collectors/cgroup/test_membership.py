import pytest

from barograph.collectors.cgroup.membership import Membership, parse_cgroup

_ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "unit", "container"),
    [
        ("0::/\n", "", ""),
        ("", "", ""),
        ("0::/init.scope\n", "init.scope", ""),
        ("0::/system.slice/ssh.service\n", "ssh.service", ""),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n", "app-x.scope", ""),
        ("0::/system.slice\n", "system.slice", ""),
        (f"0::/system.slice/docker-{_ID}.scope\n", "system.slice", _ID),
        (f"0::/docker/{_ID}\n", "", _ID),
        (f"0::/docker/{_ID}/init.scope\n", "init.scope", _ID),
        (f"0::/machine.slice/libpod-{_ID}.scope/container\n", "machine.slice", _ID),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{_ID}.scope\n", "kubepods-pod1.slice", _ID),
        ("0::/lxc.payload.web/system.slice/cron.service\n", "cron.service", "web"),
        ("4:memory:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n", "cron.service", ""),
        (f"4:memory:/docker/{_ID}\n2:cpu,cpuacct:/\n", "", _ID),
    ],
)
def test_membership(text: str, unit: str, container: str) -> None:
    found = parse_cgroup(text.encode())
    assert (found.unit, found.container) == (unit, container)
    assert isinstance(found, Membership)
