"""The web room in one process: its real app over a real engine, real sessions and a store in memory; raw ASGI calls."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import numpy as np

from barograph.app.alert_service import AlertService, AlertServiceParts
from barograph.app.config import Config
from barograph.app.people_commands import AnyPeopleCommand, PeopleCommands
from barograph.identity.config import IdentityConfig
from barograph.identity.gatekeeper import Gatekeeper
from barograph.identity.secrets import hash_secret
from barograph.identity.throttle import AttemptLimit
from barograph.model.acting import ACTOR
from barograph.model.alert_commands import AlertCommand
from barograph.model.batch import Family, MetricType, Schema
from barograph.model.commands import AnyCommand, AnyReply, Done, KeeperStatus
from barograph.model.errors import LinkError
from barograph.model.label_scope import ScopedQuerier
from barograph.model.labels import Labels
from barograph.model.rule_commands import ShowRuleAlerts, ShowRules
from barograph.model.sample import FloatArray
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.rules.group import Group
from barograph.rules.views import show_alerts, show_rules
from barograph.state.sqlite import open_state
from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.process_reader import ProcessLogReader
from barograph.web.app import create_app
from barograph.web.config import WebConfig
from barograph.web.deps import Now, WebDeps
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore

T = TypeVar("T")
TOKEN = "the-local-administrators-token-of-these-tests"
HOST = "127.0.0.1:10132"
START_MS = 1_700_000_000_000
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Keeper:
    """The other side of the link, with real sessions, in this process."""

    def __init__(self, people: PeopleCommands, alerts: AlertService) -> None:
        self.people = people
        self.alerts = alerts
        self.sessions = people.sessions
        self.asked: list[AnyCommand] = []
        self.reply: AnyReply | None = None
        self.is_gone = False
        self.rules: Sequence[Group] = ()

    async def execute(self, command: AnyCommand) -> AnyReply:
        self.asked.append(command)
        if self.is_gone:
            raise LinkError("the keeper is gone; nothing was carried out")
        if self.reply is not None:
            return self.reply
        if isinstance(command, ShowRules):
            return show_rules(self.rules)
        if isinstance(command, ShowRuleAlerts):
            return show_alerts(self.rules, command.rule, command.skip, min(command.limit, 2))
        actor = ACTOR.get()
        refused = self.people.audit.admit(command, actor)
        if refused is not None:
            return refused
        if isinstance(command, AlertCommand):
            reply = await self.alerts.execute(command, actor)
        elif isinstance(command, AnyPeopleCommand):
            reply = await self.people.execute(command, actor)
        else:
            return Done()
        self.people.audit.note(command, actor, reply)
        return reply


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return "; ".join(value for key, value in self.headers if key == name)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Call:
    """One ASGI call: what the client sends, what it got so far."""

    scope: dict[str, Any]
    body: bytes = b""
    sent: list[dict[str, Any]] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: bool = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def answer(self) -> Answer:
        start = self.sent[0]
        headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in self.sent[1:]))

    def events(self) -> list[tuple[str, Any]]:
        """The server-sent events so far."""
        found = []
        for block in self.answer.body.decode().split("\n\n")[:-1]:
            name, _, data = block.partition("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        return found


class Site:
    """A front's web room with everything it stands on."""

    def __init__(self, folder: Path, config: WebConfig | None = None, query: QueryConfig | None = None) -> None:
        self.clock = FakeClock(START_MS)
        self.store = MemoryStore()
        self.state = open_state(folder)
        self.now = Now()
        parts = AlertServiceParts(
            state=self.state,
            clock=self.clock,
            processes=ProcessLogReader(folder),
            publish=self.now.alerts_changed,
        )
        self.alerts = AlertService(parts, Config())
        self.keeper = Keeper(PeopleCommands(self.state, IdentityConfig(), self.clock), self.alerts)
        self.static = folder / "static"
        self.telemetry = Telemetry()
        querier = ScopedQuerier(self.store)
        self.deps = WebDeps(
            config=config or WebConfig(),
            engine=Engine(querier, query or QueryConfig(), self.clock),
            querier=querier,
            commands=self.keeper,
            gatekeeper=Gatekeeper(hash_secret(TOKEN), self.keeper, self.clock),
            attempts=AttemptLimit(10, self.clock),
            exposition=self._exposition,
            telemetry=self.telemetry,
            clock=self.clock,
            static=self.static,
            version="1.2.3",
            now=self.now,
            processes=ProcessLogReader(folder),
        )
        self._app: Any = None

    @property
    def app(self) -> Any:
        """The app, built when first asked for, so that a test may lay out the static folder before."""
        if self._app is None:
            self._app = create_app(self.deps)
        return self._app

    def close(self) -> None:
        self.now.close()
        self.alerts.close()
        self.state.close()

    def call(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b"") -> Call:
        """Prepare a call; a header of value "" is left out, Host is ours where none is given."""
        raw = {"host": HOST, **(headers or {})}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in raw.items() if value],
            "client": ("127.0.0.1", 50_000),
            "state": {},
        }
        return Call(scope, body)

    def request(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its whole answer."""

        async def run() -> Answer:
            call = self.call(path, method, headers, body)
            await self.app(call.scope, call.receive, call.send)
            return call.answer

        return asyncio.run(run())

    def get(self, path: str, **parameters: str) -> Answer:
        """GET with the token."""
        query = "?" + urlencode(parameters) if parameters else ""
        return self.request(path + query, headers=BEARER)

    def post(self, path: str, **parameters: str) -> Answer:
        """POST a form with the token."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.request(path, "POST", {**BEARER, **kind}, urlencode(parameters).encode())

    def log_in(self) -> dict[str, str]:
        """Open a session; returns the header that carries it."""
        code = self.keeper.sessions.make_login_code().reveal()
        answer = self.request(f"/login?code={code}")
        assert answer.status == 303
        return {"cookie": answer.header("set-cookie").partition(";")[0]}

    def fill(self, series: int = 2, seconds: int = 60) -> None:
        """Store `load{cpu="0"}`, ... with a sample a second until now: values rise by one a second."""
        times = list(range(START_MS - (seconds - 1) * 1000, START_MS + 1, 1000))
        for i in range(series):
            self.store.add(Labels.of("load", cpu=str(i)), times, [float(i * 1000 + n) for n in range(seconds)])

    def status(self) -> KeeperStatus:
        return KeeperStatus(
            version=1,
            instance="web-1",
            started_ms=START_MS,
            interval_ms=1000,
            store_read_only=False,
            store_reason="",
            collectors=(),
        )

    def _exposition(self) -> list[tuple[Schema, FloatArray]]:
        family = Family("node_load1", MetricType.GAUGE, "1m load average.")
        host = Schema((family,), (Labels.of("node_load1"),), (0,))
        return [(host, np.array([0.25])), self.telemetry.snapshot()]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that must end by itself."""

    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await main

    return asyncio.run(bounded())
