"""Which unit and container a control group is of, told by its path. No I/O."""

import re
from typing import NamedTuple

_UNIT = re.compile(r"^[^/]+\.(?:service|scope|socket|mount|swap|slice)$")
_CONTAINER = re.compile(
    r"^(?:docker-|libpod-(?!conmon)|cri-containerd-|crio-(?!conmon)|containerd-)?([0-9a-f]{64})(?:\.scope)?$"
    r"|^lxc\.payload\.([^/]+)$"
)


class ContainerName(NamedTuple):
    """What people call a container, and what it was made of."""

    name: str
    image: str


class Membership(NamedTuple):
    """Which unit and container a process belongs to; empty where it belongs to none."""

    path: str
    unit: str
    container: str


def parse_cgroup(data: bytes) -> Membership:
    """Read /proc/<pid>/cgroup, of version 2 or 1.

    The unit is the innermost service or scope of systemd's tree (a container's own scope names no unit), else the
    innermost slice but the root's; the container is told by its 64 hexadecimal digits, as every runtime names it.
    """
    return membership_of(_path_of(data.decode("utf-8", "replace")))


def membership_of(path: str) -> Membership:
    """Return what the path of a control group tells, as `parse_cgroup`."""
    parts = [part for part in path.split("/") if part]
    container = next((found[1] or found[2] for part in reversed(parts) if (found := _CONTAINER.match(part))), "")
    units = [part for part in parts if _UNIT.match(part) and not _CONTAINER.match(part)]
    services = [part for part in units if not part.endswith(".slice")]
    unit = (services or units or [""])[-1]
    return Membership(path, "" if unit == "-.slice" else unit, container)


def _path_of(text: str) -> str:
    """Return the path in the unified tree, else in systemd's of version 1, else in any."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        found[controllers] = path
    unified = found.get("", "")
    named = found.get("name=systemd", "")
    if len(unified) > 1:
        return unified
    if len(named) > 1:
        return named
    return max(found.values(), key=len, default="/")
