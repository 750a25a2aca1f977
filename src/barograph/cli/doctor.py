"""`barograph doctor`: what works, what is missing, and what is open to whom; with a server or without one."""

import os
import socket
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from barograph.app.alert_service import prepare as prepare_alerts
from barograph.app.config import Config, load_config, parse_web
from barograph.app.doctor_access import examine_listening, examine_people
from barograph.app.doctor_collectors import examine_alerting, examine_collectors, sample_once
from barograph.app.doctor_folder import examine_audit, examine_folder, holder_of, is_there
from barograph.app.doctor_machine import examine_machine, is_roots
from barograph.app.finding import Finding, Level, advice, good, problem
from barograph.cli.administer import Administration
from barograph.cli.doctor_page import print_findings
from barograph.cli.failure import CommandError, require_format
from barograph.cli.folder import default_data_folder
from barograph.collectors.procfs import Paths
from barograph.identity.audit import verify_chain
from barograph.model.clock import SystemClock
from barograph.model.commands import CollectorHealth
from barograph.model.errors import BarographError, StoreError
from barograph.state.audit import read_audit
from barograph.state.people import read_people

_EPILOG = """\b
Examples:
  barograph doctor
  barograph doctor --config /etc/barograph.yml --format json"""
_PROMETHEUS = "/api/v1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(doctor)


def doctor(
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="Configuration file, where no server runs.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="Data folder. Default: as `serve` has it.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Only this server, and nothing of this machine.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Say what works, what is missing and what is open to whom.

    Looks at this machine, the data folder and the server that runs on it; where none runs, at the configuration, and
    takes one sample of every collector. Changes nothing.

    Exit status 1 where something is broken; what is merely missing is advice.
    """
    require_format(output_format, ("text", "json"))
    if url is not None:
        findings = _of_server(Administration(url, data))
        title = url
    else:
        findings = _of_machine(data or default_data_folder(os.environ, os.geteuid()), config)
        title = socket.gethostname()
    moment = datetime.fromtimestamp(SystemClock().now_s()).astimezone()
    print_findings(findings, f"{title}, {moment:%Y-%m-%d %H:%M %Z}", output_format)
    broken = sum(finding.level == Level.PROBLEM for finding in findings)
    if broken:
        raise CommandError(f"{broken} {'thing is' if broken == 1 else 'things are'} broken")


def _of_machine(folder: Path, file: Path | None) -> list[Finding]:
    """Examine this machine, its folder and its server, or without one the configuration."""
    holder = holder_of(folder)
    if holder:
        server = _of_server(Administration(None, folder), holder)
        return [*server, *examine_machine(Paths(), holder), *_of_folder(folder)]
    clock = SystemClock()
    config = load_config(file, os.environ)
    paths = _paths(config)
    found = [advice("server", f"none runs on {folder}", f"barograph serve --data {folder}")]
    found += examine_collectors(sample_once(config, paths, clock), is_root=os.geteuid() == 0)
    found += _alerting(config)
    found += examine_machine(paths) + _of_folder(folder) + examine_listening(config.web, clock)
    if not is_there(folder):
        return [*found, *examine_people([], [], [], clock)]
    try:
        users, tokens, sessions = read_people(folder, clock.now_ms())
    except StoreError as error:
        return [*found, problem("users", str(error), "run this as the user that serves")]
    rows = [{"name": user.name, "role": user.role} for user in users]
    shown = [
        {
            "id": token.id,
            "prefix": token.prefix,
            "name": token.name,
            "user": token.user,
            "scopes": token.scopes,
            "created": token.created_ms / 1000,
            "last_used": token.last_used_ms / 1000,
            "expires": token.expires_ms / 1000 or None,
        }
        for token in tokens
    ]
    # they outlive the server that opened them, and are good again at the next start
    logged_in = [{"user": user, "source": source} for user, source in sessions]
    return [*found, *examine_people(rows, shown, logged_in, clock)]


def _of_folder(folder: Path) -> list[Finding]:
    found = examine_folder(folder)
    if not is_there(folder):
        return found
    try:
        chain: tuple[int, str] | StoreError = verify_chain(read_audit(folder))
    except StoreError as error:
        chain = error
    return [*found, examine_audit(chain)]


def _of_server(server: Administration, holder: str = "") -> list[Finding]:
    """Examine a server that runs, by what it says of itself."""
    clock = SystemClock()
    try:
        status = server.ask("GET", "/status")
        web = parse_web(server.ask("GET", "/config", api=f"{_PROMETHEUS}/status")["yaml"])
        told = server.ask("GET", "/receivers")
        users, tokens, sessions = (server.ask("GET", path) for path in ("/users", "/tokens", "/sessions"))
    except CommandError as error:
        return [problem("server", str(error), "is it this version, and the token an administrator's?")]
    except BarographError as error:
        return [problem("server", f"{server.url}: {error}", "use the `barograph` of the server's own version")]
    pid = f", pid {holder}" if holder else ""
    found = [_state(server.url, status, pid)]
    healths = [CollectorHealth(**row) for row in status["collectors"]]
    # of a server elsewhere nobody here can tell what its user may read
    found += examine_collectors(healths, is_root=not holder or is_roots(Paths(), holder))
    found += examine_alerting(told["receivers"], has_heartbeat=bool(told["heartbeat"]))
    return found + examine_listening(web, clock) + examine_people(users, tokens, sessions, clock)


def _state(url: str, status: dict[str, Any], pid: str) -> Finding:
    if status["store_read_only"]:
        return problem("server", f"{url}{pid}: nothing is stored: {status['store_reason']}", "see its log")
    if status.get("state_reason"):
        words = f"{url}{pid}: alerts, sessions and messages are kept in memory: {status['state_reason']}"
        return problem("server", words, "free space on the disk of the data folder, or mend it")
    since = datetime.fromtimestamp(status["started_ms"] / 1000).astimezone()
    return good("server", f"{url}{pid}: version {status['barograph_version']}, runs since {since:%Y-%m-%d %H:%M}")


def _paths(config: Config) -> Paths:
    roots = config.paths
    return Paths(
        procfs=Path(roots.procfs),
        sysfs=Path(roots.sysfs),
        rootfs=Path(roots.rootfs),
        udev_data=Path(roots.udev_data),
    )


def _alerting(config: Config) -> list[Finding]:
    routed = prepare_alerts(config).policy.routed
    rows = [
        {"name": receiver.name, "is_routed": receiver.name in routed, "waiting": 0, "answer": ""}
        for receiver in config.receivers
    ]
    return examine_alerting(rows, has_heartbeat=config.notify.heartbeat.url is not None)
