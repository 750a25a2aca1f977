"""Reads what a request brings to show who it is: a session cookie, a Bearer token, or a Basic password. Pure."""

import base64
import binascii
from dataclasses import dataclass

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
    return Credential(session=_cookie(headers.get(b"cookie", b"")))


def session_cookie(token: str, max_age_s: int, scheme: str) -> bytes:
    """Return the Set-Cookie value of a new session; an empty token ends one.

    SameSite=Lax: a link to the page from a chat or a message opens signed in, and no foreign page can send a change,
    which the guard's Origin check refuses besides.
    """
    secure = "; Secure" if scheme == "https" else ""
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}".encode()


def _cookie(header: bytes) -> str:
    """Return our cookie's value.

    Every program on this host shares its cookies, whatever its port, and many write what is no cookie to the letter:
    the standard library's parser would then give up on ours too.
    """
    for pair in header.split(b";"):
        name, _, value = pair.strip().partition(b"=")
        if name == COOKIE.encode():
            return value.decode("latin-1")
    return ""


def _basic_password(value: bytes) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode("latin-1").partition(":")[2]
    except binascii.Error:
        return ""
