import base64

import pytest

from barograph.web.credentials import Credential, read_credential, session_cookie


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"Bearer abc", "abc"),
        (b"bearer  abc ", "abc"),
        (basic("x:abc"), "abc"),
        (basic(":abc"), "abc"),
        (basic("x:a:b"), "a:b"),
        (basic("abc"), ""),
        (b"Basic ???", ""),
        (b"Basic", ""),
        (b"Digest abc", ""),
        (b"", ""),
    ],
)
def test_tokens_come_as_bearer_or_basic(header: bytes, token: str) -> None:
    assert read_credential({b"authorization": header}).token == token


@pytest.mark.parametrize(
    ("cookies", "session"),
    [
        (b"barograph_session=abc", "abc"),
        (b"a=1; barograph_session=abc; b=2", "abc"),
        (b"a=1;barograph_session=abc", "abc"),
        (b'odd={"json":[1,2]}; "quoted; barograph_session=abc', "abc"),
        (b"barograph_session=first; barograph_session=second", "first"),
        (b"xbarograph_session=abc", ""),
        (b"barograph_session", ""),
        (b"Barograph_Session=abc", ""),
        (b"", ""),
    ],
)
def test_the_session_is_found_among_whatever_cookies(cookies: bytes, session: str) -> None:
    assert read_credential({b"cookie": cookies}) == Credential(session=session)


def test_a_token_goes_before_a_cookie() -> None:
    both = {b"authorization": b"Bearer abc", b"cookie": b"barograph_session=def"}
    assert read_credential(both) == Credential(token="abc")


def test_no_script_reads_the_cookie_and_no_foreign_page_sends_it_with_a_change() -> None:
    value = session_cookie("abc", 60, "http").decode()
    assert value == "barograph_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
    assert session_cookie("abc", 60, "https").decode() == value + "; Secure"
