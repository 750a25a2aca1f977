"""E-mail against a recording SMTP server of loopback."""

import asyncio
import ssl
import subprocess
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from barograph.model.notice import DeliveryState, Notice, NoticeKind
from barograph.model.secret import Secret
from barograph.notify import mail
from barograph.notify.courier import Outcome
from barograph.notify.mail import MailReceiver, message_of, over_smtp
from helpers.eventually_async import end_server
from unit.notify.notices import notice


class MailServer:
    """Takes mail, or answers one command as told."""

    def __init__(self, answers: dict[str, str], tls: ssl.SSLContext | None) -> None:
        self.commands: list[str] = []
        self.message = b""
        self._answers = answers
        self._tls = tls

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            word = line.split(":")[0].split(" ")[0].upper()
            writer.write(self._answers.get(word, self._usual(word)).encode() + b"\r\n")
            if word == "DATA" and word not in self._answers:
                self.message = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                writer.write(b"250 taken\r\n")
            if word == "STARTTLS" and self._tls is not None:
                await writer.start_tls(self._tls)
            if word == "QUIT":
                break

    def _usual(self, word: str) -> str:
        extension = "250-STARTTLS\r\n" if self._tls is not None else ""
        return {
            "EHLO": f"250-test\r\n{extension}250 AUTH PLAIN",
            "DATA": "354 go on",
            "AUTH": "235 known",
            "STARTTLS": "220 now",
            "QUIT": "221 bye",
        }.get(word, "250 ok")


def receiver_at(port: int, *, require_tls: bool = False, username: str = "") -> MailReceiver:
    return MailReceiver(
        host="localhost",
        port=port,
        sender="barograph@b.example",
        to=("ada@b.example", "bob@b.example"),
        mailbox="bob@b.example",
        username=username,
        password=Secret("p") if username else None,
        require_tls=require_tls,
    )


def deliver(
    answers: dict[str, str] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    require_tls: bool = False,
    username: str = "",
) -> tuple[MailServer, Outcome]:
    async def run() -> tuple[MailServer, Outcome]:
        mail_server = MailServer(answers or {}, tls)
        server = await asyncio.start_server(mail_server.serve, "localhost", 0)
        port = server.sockets[0].getsockname()[1]
        outcome = await over_smtp(receiver_at(port, require_tls=require_tls, username=username))(notice())
        await end_server(server)
        return mail_server, outcome

    return asyncio.run(run())


def parsed(told: Notice) -> dict[str, str]:
    return dict(message_from_bytes(message_of(receiver_at(25), told), policy=default).items())


def test_a_message_arrives_at_its_mailbox_and_names_all() -> None:
    server, outcome = deliver()
    assert outcome == Outcome(state=DeliveryState.DELIVERED, answer="localhost took it for bob@b.example")
    assert [each for each in server.commands if each.startswith("rcpt")] == ["rcpt TO:<bob@b.example>"]
    message = message_from_bytes(server.message, policy=default)
    assert (message["Subject"], message["To"]) == ("Firing: Disk full on atlas", "ada@b.example, bob@b.example")
    assert message.get_content().splitlines()[0] == "97 % of <sda>, limit 90 %"


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_messages_of_a_group_are_one_thread(kind: NoticeKind) -> None:
    headers = parsed(notice(kind, key=f"k-{kind}"))
    assert headers["Message-ID"] == f"<k-{kind}@b.example>"
    assert headers["References"] == parsed(notice())["References"]
    assert headers["Subject"].endswith("Disk full on atlas")


def test_nothing_in_an_alert_can_add_a_header() -> None:
    told = notice(NoticeKind.ACKNOWLEDGED, actor="eve\r\nBcc: all@b.example")
    headers = parsed(told)
    assert headers["Subject"] == "Acknowledged by eve Bcc: all@b.example: Disk full on atlas"
    assert "Bcc" not in headers


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"RCPT": "550 nobody"}, DeliveryState.FAILED),
        ({"RCPT": "451 later"}, DeliveryState.WAITING),
        ({"DATA": "554 no"}, DeliveryState.FAILED),
        ({"MAIL": "421 busy"}, DeliveryState.WAITING),
    ],
)
def test_what_the_server_says_decides_whether_it_is_tried_again(answers: dict[str, str], state: DeliveryState) -> None:
    _, outcome = deliver(answers)
    assert outcome.state is state
    assert outcome.answer.startswith("localhost: ")


@pytest.mark.parametrize("goodbye", ["250 ok", "421 away"])
def test_a_message_that_was_taken_is_not_sent_again_for_a_bad_goodbye(goodbye: str) -> None:
    _, outcome = deliver({"QUIT": goodbye})
    assert outcome.state is DeliveryState.DELIVERED


def test_a_refused_mailbox_is_named() -> None:
    _, outcome = deliver({"RCPT": "450 mailbox busy"})
    answer = "localhost: refuses bob@b.example: 450 mailbox busy"
    assert outcome == Outcome(state=DeliveryState.WAITING, answer=answer)


def test_a_server_without_tls_is_told_nothing_where_tls_is_required() -> None:
    server, outcome = deliver(require_tls=True, username="u")
    assert outcome.state is DeliveryState.FAILED
    assert "STARTTLS" in outcome.answer
    assert not any(each.upper().startswith(("AUTH", "MAIL")) for each in server.commands)


def test_the_password_is_sent_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server, outcome = deliver(tls=context, require_tls=True, username="u")
    assert outcome.state is DeliveryState.DELIVERED
    words_sent = [each.split()[0].upper() for each in server.commands]
    assert words_sent.index("STARTTLS") < words_sent.index("AUTH")


def test_nobody_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_TLS_PORT", 9)

    async def send() -> Outcome:
        return await over_smtp(receiver_at(9))(notice())

    outcome = asyncio.run(send())
    assert outcome.state is DeliveryState.WAITING
    assert outcome.answer.startswith("localhost could not be reached")
