"""Random secrets and their hashes. A secret has 256 random bits, so a plain SHA-256 is enough to keep it."""

import hashlib
import secrets as system_secrets
from collections.abc import Callable

RandomText = Callable[[], str]


def random_text() -> str:
    """Return 256 random bits as URL-safe text."""
    return system_secrets.token_urlsafe(32)


def hash_secret(text: str) -> str:
    """Return the SHA-256 of a secret in hex. Lookups compare hashes, so their time tells nothing of the secret."""
    return hashlib.sha256(text.encode()).hexdigest()
