"""Receivers as Alertmanager's files write them, and what is made of them."""

import asyncio
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from barograph.app.config_convert import decode_setting
from barograph.model.clock import SystemClock
from barograph.model.errors import AlertError
from barograph.model.notice import DeliveryState, NoticeKind
from barograph.model.secret import Secret
from barograph.notify.config import HeartbeatConfig, MailDefaults, ReceiverConfig
from barograph.notify.courier import Outcome
from barograph.notify.ways import Means, make_ways
from barograph.outbound.address_rules import AddressRules
from barograph.telemetry.logs import configure_logging
from helpers.eventually_async import end_server
from helpers.hook import recording
from helpers.logs import untouched_logs
from unit.notify.notices import notice
from unit.outbound.server import client_of

DEFAULTS = MailDefaults(smtp_smarthost="mail.example:25", smtp_from="b@b.example", slack_api_url=Secret("http://s"))


def receiver(**configs: Any) -> ReceiverConfig:
    return msgspec.convert({"name": "team", **configs}, ReceiverConfig, dec_hook=decode_setting)


def test_each_receiver_has_its_ways_with_alertmanagers_defaults() -> None:
    made = make_ways(
        [
            receiver(
                webhook_configs=[{"url": "http://h"}, {"url": "http://h", "max_alerts": 5, "send_resolved": False}],
                email_configs=[{"to": "a@b, c@d, a@b"}],
                slack_configs=[{}],
                pagerduty_configs=[{"routing_key": "k"}],
                ntfy_configs=[{"topic": "t"}],
                apprise_configs=[{"url": "json://h"}],
            )
        ],
        DEFAULTS,
    )["team"]
    assert [(way.id, way.sends_resolved, way.most, way.splits) for way in made] == [
        ("team/webhook[0]", True, 1000, True),
        ("team/webhook[1]", False, 5, False),
        ("team/email[0]", False, 50, False),
        ("team/email[0].2", False, 50, False),
        ("team/slack[0]", False, 50, False),
        ("team/pagerduty[0]", True, 50, False),
        ("team/ntfy[0]", True, 50, False),
        ("team/apprise[0]", True, 50, False),
    ]


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        ({"email_configs": [{"to": "a@b", "smarthost": "x"}]}, r"receivers\[0\].email_configs\[0\].smarthost: 'x'"),
        ({"email_configs": [{"to": " , "}]}, "nobody is named"),
        ({"apprise_configs": [{"url": "x"}]}, "no URL of Apprise"),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_place(configs: dict[str, Any], words: str) -> None:
    with pytest.raises(AlertError, match=words):
        make_ways([receiver(**configs)], DEFAULTS)


def test_what_nobody_says_is_missed() -> None:
    for configs, words in (
        ({"slack_configs": [{}]}, "slack_api_url too"),
        ({"email_configs": [{"to": "a@b", "smarthost": "m:25"}]}, "smtp_from too"),
    ):
        with pytest.raises(AlertError, match=words):
            make_ways([receiver(**configs)], MailDefaults())
    with pytest.raises(AlertError, match="two receivers"):
        make_ways([receiver(), receiver()], DEFAULTS)
    with pytest.raises(AlertError, match="needs a name"):
        make_ways([ReceiverConfig(name="")], DEFAULTS)


def sent(configs: dict[str, Any], allow: tuple[str, ...] = ("127.0.0.1",)) -> Outcome:
    rules = AddressRules(allow)
    means = Means(client=client_of(), rules=rules, clock=SystemClock())
    (way,) = make_ways([receiver(**configs)], DEFAULTS)["team"]

    async def send() -> Outcome:
        return await way.send(means)(notice(NoticeKind.FIRING))

    return asyncio.run(send())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of modules that Apprise looks for
def test_what_apprise_knows_is_told_within_the_address_rules() -> None:
    with recording() as hook:
        url = {"apprise_configs": [{"url": f"json://127.0.0.1:{hook.port}/x"}]}
        told = sent(url)
        assert (told.state, told.answer) == (DeliveryState.DELIVERED, "JSON took it")
        assert hook.heard[0]["title"] == "Firing: Disk full on atlas"
        for status, state in ((500, DeliveryState.WAITING), (429, DeliveryState.WAITING), (403, DeliveryState.FAILED)):
            hook.answers += [status]
            judged = sent(url)
            assert (judged.state, judged.answer) == (state, f"JSON did not take it: {status}")
        refused = sent(url, ())
        assert refused.state is DeliveryState.FAILED
        assert "this machine itself" in refused.answer
        assert len(hook.heard) == 1
    gone = sent(url)
    assert (gone.state, gone.answer) == (DeliveryState.WAITING, "JSON did not take it")
    unknown = sent({"apprise_configs": [{"url": "nosuchthing://x"}]})
    assert (unknown.state, "knows no nosuchthing" in unknown.answer) == (DeliveryState.FAILED, True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("answers", "state"),
    [([403, 410], DeliveryState.FAILED), ([403, 500], DeliveryState.WAITING), ([500, 403], DeliveryState.WAITING)],
)
def test_apprise_gives_up_only_what_none_of_its_targets_will_take(answers: list[int], state: DeliveryState) -> None:
    with recording() as hook:
        hook.answers += answers
        # a room each, which this service is told of one after the other
        judged = sent(
            {"apprise_configs": [{"url": f"mmost://127.0.0.1:{hook.port}/aaaaaaaaaaaaaaaaaaaaaaaa?channel=one,two"}]}
        )
    assert judged.state is state


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("level", ["debug", "error"])
def test_what_apprise_logs_is_judged_at_any_level_and_told_nobody(
    level: str, capfd: pytest.CaptureFixture[str]
) -> None:
    token, log = "a" * 24, io.StringIO()
    with recording() as hook, untouched_logs():
        configure_logging("logfmt", level, "keeper", log)
        hook.answers += [403]
        judged = sent({"apprise_configs": [{"url": f"mmost://127.0.0.1:{hook.port}/{token}"}]})
    assert judged.state is DeliveryState.FAILED
    told = capfd.readouterr()
    assert (log.getvalue(), told.out, told.err) == ("", "", "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "localhost"])
def test_apprise_is_kept_out_by_no_notation(host: str) -> None:
    with recording() as hook:
        refused = sent({"apprise_configs": [{"url": f"json://{host}:{hook.port}/x"}]}, ())
        assert (refused.state, hook.heard) == (DeliveryState.FAILED, [])
        assert "this machine itself" in refused.answer


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_is_led_inside_by_no_redirect() -> None:
    came: list[str] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.headers["host"])
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(307)
            self.send_header("location", f"http://127.0.0.2:{server.server_port}/")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("0.0.0.0", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            url = {"apprise_configs": [{"url": f"json://127.0.0.1:{server.server_port}/x"}]}
            refused = sent(url, ("127.0.0.1",))
        finally:
            server.shutdown()
    assert came == [f"127.0.0.1:{server.server_port}"]
    assert refused.state is DeliveryState.FAILED
    assert "127.0.0.2" in refused.answer


def test_a_mailbox_that_is_refused_for_now_is_tried_again_alone() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().lower():
            answer = "450 busy" if "bob@" in line else "354 go on" if line.startswith("data") else "250 ok"
            writer.write(answer.encode() + b"\r\n")
            if line.startswith("data"):
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 taken\r\n")
            if line.startswith("quit"):
                break
        writer.close()

    async def send() -> list[Outcome]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        smarthost = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        config = {"to": "ada@b.example, bob@b.example", "smarthost": smarthost, "require_tls": False}
        means = Means(client=client_of(), rules=AddressRules(()), clock=SystemClock())
        ways = make_ways([receiver(email_configs=[config])], DEFAULTS)["team"]
        outcomes = [await way.send(means)(notice()) for way in ways]
        await end_server(server)
        return outcomes

    outcomes = asyncio.run(send())
    assert [outcome.state for outcome in outcomes] == [DeliveryState.DELIVERED, DeliveryState.WAITING]


def test_mail_is_tried_where_it_is_configured() -> None:
    outcome = sent({"email_configs": [{"to": "a@b", "smarthost": "127.0.0.1:1"}]})
    assert outcome.state is DeliveryState.WAITING


@pytest.mark.parametrize(
    ("http", "value"),
    [
        ({"authorization": {"credentials": "x"}}, "Bearer x"),
        ({"basic_auth": {"username": "u", "password": "p"}}, "Basic dTpw"),
        ({}, ""),
    ],
)
def test_webhooks_may_need_a_credential(http: dict[str, Any], value: str) -> None:
    from barograph.notify.ways import _webhook

    config = receiver(webhook_configs=[{"url": "http://h", "http_config": http}]).webhook_configs[0]
    made = _webhook(config).authorization
    assert (made.reveal() if made else "") == value


def test_a_heartbeat_must_stop_within_a_minute() -> None:
    for interval in ("500ms", "31s"):
        with pytest.raises(msgspec.ValidationError, match="within a minute"):
            msgspec.convert({"interval": interval}, HeartbeatConfig, dec_hook=decode_setting)
