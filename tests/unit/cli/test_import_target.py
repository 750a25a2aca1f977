"""Parts on their way to a server: which answers are waited out, and whose lines errors name."""

from collections.abc import Callable

import httpx
import pytest

from barograph.app.importing import ImportText
from barograph.cli.failure import CommandError
from barograph.cli.folder import ServerAddress
from barograph.cli.import_target import ServerTarget
from barograph.formats.text_parts import Part, Place
from barograph.model.errors import LineError
from helpers.clock import FakeClock

PART = Part(b"# TYPE a gauge\na 1 1\n", Place(100, 10, "# TYPE a gauge\n"), Place(106, 11, ""))
TEXT = ImportText(format="csv", newest_ms=0, csv_format="1:metric:a", skip_bad=True)
DONE = {"status": "success", "data": {"samples": 1, "skipped": 1, "notes": ["line 2: bad", "no number: bad"]}}


def target(answer: Callable[[httpx.Request], httpx.Response], clock: FakeClock | None = None) -> ServerTarget:
    server = ServerAddress("http://127.0.0.1:1", "secret")
    return ServerTarget(server, clock or FakeClock(), httpx.MockTransport(answer))


def refusal(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"status": "error", "errorType": "x", "error": message})


def test_a_part_is_sent_with_its_options_and_notes_name_lines_of_the_text() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=DONE)

    sending = target(answer)
    counts = sending.send(PART, TEXT)
    sending.close()
    assert (counts.samples, counts.skipped) == (1, 1)
    assert counts.notes == ("line 11: bad", "no number: bad")
    (request,) = seen
    assert request.url.path == "/api/v1/import/csv" and request.headers["authorization"] == "Bearer secret"
    assert dict(request.url.params) == {"format": "1:metric:a", "skip_bad": "1"}
    assert request.content == PART.body


def test_a_server_that_is_busy_or_away_is_asked_again() -> None:
    tries: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(len(tries))
        if len(tries) == 1:
            return refusal(429, "busy")
        if len(tries) == 2:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json=DONE)

    clock = FakeClock()
    before_s = clock.monotonic_s()
    assert target(answer, clock).send(PART, TEXT).samples == 1
    assert len(tries) == 3 and clock.monotonic_s() - before_s == 4.0


def test_what_stays_wrong_is_said() -> None:
    with pytest.raises(CommandError, match="still busy"):
        target(lambda _: refusal(503, "still busy")).send(PART, TEXT)

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(CommandError, match="does not answer: refused"):
        target(away).send(PART, TEXT)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(413, "the body is larger than 1 bytes"), "larger than 1"),
        (httpx.Response(404, text="not found"), "status 404: is it a Barograph"),
        (httpx.Response(200, text="ok"), "something else than Barograph"),
    ],
)
def test_what_waiting_does_not_mend_is_said_at_once(answer: httpx.Response, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        target(lambda _: answer).send(PART, TEXT)


def test_a_bad_line_is_named_by_its_number_in_the_text() -> None:
    with pytest.raises(LineError, match=r"^line 11: 'x' is no value$"):
        target(lambda _: refusal(400, "line 2: 'x' is no value")).send(PART, TEXT)
