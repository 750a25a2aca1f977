"""A real D-Bus daemon on a socket of its own, and a service on it that answers as systemd does."""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_call, new_method_return
from jeepney.io.blocking import open_dbus_connection

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy>
</busconfig>"""
_NAME = "org.freedesktop.systemd1"
Units = list[tuple[str, str]]
"""Names and active states."""


class FakeSystemd:
    """What the service says; a test changes it."""

    def __init__(self) -> None:
        self.units: Units = []
        self.properties: dict[str, dict[str, tuple[str, Any]]] = {}
        """By unit (`manager` for systemd itself): name -> signature and value."""
        self.fails = False

    def answer(self, message: Any) -> Any:
        """Return the reply to a call."""
        member = message.header.fields[HeaderFields.member]
        if self.fails:
            return new_error(message, f"{_NAME}.Error", "s", ("not today",))
        if member == "ListUnits":
            rows = [(name, "", "loaded", state, "", "", _path(name), 0, "", "/") for name, state in self.units]
            return new_method_return(message, "a(ssssssouso)", (rows,))
        path = message.header.fields[HeaderFields.path]
        name = next((name for name, _ in self.units if _path(name) == path), "manager")
        return new_method_return(message, "a{sv}", (self.properties.get(name, {}),))


def _path(unit: str) -> str:
    return "/org/freedesktop/systemd1/unit/" + "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in unit)


@contextmanager
def system_bus(folder: Path) -> Iterator[FakeSystemd]:
    """Run a bus at `folder/run/dbus/system_bus_socket` with systemd's name on it."""
    path = folder / "run/dbus/system_bus_socket"
    path.parent.mkdir(parents=True)
    # the daemon listens on paths of at most 99 bytes, and a test's own folder may be longer
    listening = Path(tempfile.mkdtemp(prefix="bus-", dir="/tmp")) / "socket"
    path.symlink_to(listening)
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(path=listening))
    program = shutil.which("dbus-daemon")
    assert program is not None
    command = [program, "--nofork", "--print-address", f"--config-file={config}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()  # it listens now
        systemd = FakeSystemd()
        serving = open_dbus_connection(f"unix:path={path}")
        bus = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
        serving.send_and_get_reply(new_method_call(bus, "RequestName", "su", (_NAME, 0)))

        def serve() -> None:
            while True:
                try:
                    message = serving.receive()
                    if message.header.message_type is MessageType.method_call:
                        serving.send(systemd.answer(message))
                except (OSError, EOFError):
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield systemd
        finally:
            daemon.terminate()
            thread.join(60)
            serving.close()
            shutil.rmtree(listening.parent, ignore_errors=True)
