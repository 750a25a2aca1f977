import hashlib

from barograph.identity.principal import Role
from barograph.identity.secrets import hash_secret, random_text


def test_secrets_are_long_and_never_twice_the_same() -> None:
    made = {random_text() for _ in range(100)}
    assert len(made) == 100
    assert all(len(text) == 43 for text in made)


def test_a_hash_is_sha_256() -> None:
    assert hash_secret("secret") == hashlib.sha256(b"secret").hexdigest()


def test_roles_rise() -> None:
    assert Role.VIEWER < Role.OPERATOR < Role.EDITOR < Role.ADMIN
    assert Role.ADMIN.word == "admin"
