"""Reads what a request brings to show who it is: a session cookie, a Bearer token, or a Basic password. Pure."""

import base64
import binascii
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

COOKIE = "barograph_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One of the two, or neither."""

    token: str = ""
    session: str = ""


def read_credential(headers: dict[bytes, bytes]) -> Credential:
    """Return the credential of a request; a token goes before a cookie."""
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return Credential(token=value.decode("latin-1").strip())
    if scheme.lower() == b"basic":
        return Credential(token=_basic_password(value))
    try:
        cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return Credential()
    return Credential(session=cookie.value if cookie is not None else "")


def session_cookie(token: str, max_age_s: int) -> bytes:
    """Return the Set-Cookie value of a new session; an empty token ends one.

    SameSite=Lax: a link to the page from a chat or a message opens signed in, and no foreign page can send a change,
    which the guard's Origin check refuses besides.
    """
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}".encode()


def _basic_password(value: bytes) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode("latin-1").partition(":")[2]
    except binascii.Error:
        return ""
