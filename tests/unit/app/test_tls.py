import asyncio
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from barograph.app import tls
from barograph.app.tls import Certificate, Certificates, prepare
from barograph.link.framing import CertificateFrame
from barograph.model.errors import ConfigError


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for name in ("one", "two"):
        key, locked = str(folder / f"{name}.key"), str(folder / f"{name}.locked")
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-passout", "pass:x"]
        files = ["-keyout", locked, "-out", str(folder / f"{name}.pem"), "-subj", f"/CN={name}"]
        for command in ([*new, *files], ["ec", "-passin", "pass:x", "-in", locked, "-out", key]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
    return folder


def shown(context: ssl.SSLContext) -> bytes:
    """Return the certificate that a context shows, by a handshake in memory."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server)
    theirs = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = ours.getpeercert(binary_form=True)
    assert found is not None
    return found


def use(pairs: Path, folder: Path, name: str) -> tuple[str, str]:
    for kind in ("pem", "key"):
        shutil.copy(pairs / f"{name}.{kind}", folder / f"new.{kind}")
        (folder / f"new.{kind}").rename(folder / f"used.{kind}")
    return str(folder / "used.pem"), str(folder / "used.key")


@dataclass
class Serving:
    """A keeper's certificates and the front's, joined as the link joins them."""

    keeper: Certificates
    front: Certificate

    def look(self) -> bytes:
        """Have the keeper look at its files; returns what the front shows then."""
        asyncio.run(self.keeper.look())
        return shown(self.front.context)


def serving(pairs: Path, folder: Path) -> Serving:
    fronts: list[Certificate] = []

    def publish(pair: CertificateFrame) -> None:
        for front in fronts:
            front.take(pair)

    keeper = Certificates(publish)
    keeper.use(prepare(*use(pairs, folder, "one")))
    assert keeper.pair is not None
    fronts.append(Certificate(keeper.pair))
    return Serving(keeper, fronts[0])


def test_files_that_change_are_taken_into_the_context_in_use(pairs: Path, tmp_path: Path) -> None:
    both = serving(pairs, tmp_path)
    first = shown(both.front.context)
    assert both.look() == first
    use(pairs, tmp_path, "two")
    second = both.look()
    assert second != first
    assert both.look() == second


def test_a_change_that_cannot_be_used_leaves_the_old(
    pairs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both = serving(pairs, tmp_path)
    first = shown(both.front.context)
    shutil.copy(pairs / "two.pem", tmp_path / "used.pem")  # its key has not come yet
    assert both.look() == first
    assert both.look() == first
    (tmp_path / "used.pem").unlink()
    assert both.look() == first
    assert caplog.text.count("the old one stays in use") == 2
    use(pairs, tmp_path, "two")
    assert both.look() != first


def test_a_front_that_has_no_descriptor_left_keeps_the_old(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    both = serving(pairs, tmp_path)
    first = shown(both.front.context)
    second = prepare(*use(pairs, tmp_path, "two")).pair
    assert second is not None

    def none_left(name: str) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("os.memfd_create", none_left)
    both.front.take(second)
    assert shown(both.front.context) == first
    assert "Too many open files" in caplog.text


def test_what_is_read_while_the_configuration_changes_is_not_used(pairs: Path, tmp_path: Path) -> None:
    both = serving(pairs, tmp_path)
    use(pairs, tmp_path, "two")

    async def look_while_it_goes() -> None:
        looking = asyncio.create_task(both.keeper.look())
        await asyncio.sleep(0)
        both.keeper.use(prepare("", ""))
        await looking

    asyncio.run(look_while_it_goes())
    assert both.keeper.pair is None
    asyncio.run(both.keeper.look())
    assert both.keeper.pair is None


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("one.pem", "two.key", "cannot be used"),
        ("one.key", "one.key", "cannot be used"),
        ("one.pem", "one.locked", "without a pass phrase"),
        ("none.pem", "one.key", "none.pem cannot be read: No such file"),
        ("one.pem", "none.key", "none.key cannot be read: No such file"),
    ],
)
def test_what_is_no_pair_says_so(pairs: Path, cert: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        prepare(str(pairs / cert), str(pairs / key))


def test_old_protocols_are_not_spoken(pairs: Path, tmp_path: Path) -> None:
    context = serving(pairs, tmp_path).front.context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_pair_that_the_system_cannot_take_is_a_wrong_configuration(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Going(ssl.SSLContext):
        def load_cert_chain(self, certfile: object, keyfile: object = None, password: object = None) -> None:
            raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(tls, "_context", lambda: Going(ssl.PROTOCOL_TLS_SERVER))
    with pytest.raises(ConfigError, match=r"cannot be used: No such file or directory; a PEM"):
        prepare(*use(pairs, tmp_path, "one"))
