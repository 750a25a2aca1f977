"""Takes the pictures of the page that README and docs show: a real server, this machine's own load, Debian's Chromium.

usage: take_pictures.py [--minutes 5] [--link LINK]

Without --link it starts a server of its own and puts this machine under a changing load for the minutes that the
pictures show (stress-ng where it is installed).
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from helpers.server import serving  # noqa: E402  the path is set one line above

IMAGES = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
PICTURES = (
    ("overview-dark", "dark", 1440, 720),
    ("overview-light", "light", 1440, 720),
    ("phone-dark", "dark", 390, 844),
)
# what a machine's day looks like: quiet, computing, writing, a mix
LOADS = (
    ("--cpu", "1", "--cpu-load", "35"),
    ("--cpu", "2", "--cpu-load", "80"),
    ("--hdd", "1", "--hdd-bytes", "64M"),
    ("--cpu", "1", "--cpu-load", "20", "--vm", "1", "--vm-bytes", "2G", "--vm-keep"),
    ("--sock", "1", "--cpu", "1", "--cpu-load", "15"),
)


def load(minutes: float) -> None:
    """Load this machine in phases, with quiet between them."""
    program = shutil.which("stress-ng")
    phase_s = minutes * 60 / (2 * len(LOADS))
    for arguments in LOADS:
        time.sleep(phase_s)
        if program is None:
            time.sleep(phase_s)
        else:
            with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
                command = [program, *arguments, "--temp-path", folder, "--timeout", f"{phase_s:.0f}s", "--quiet"]
                subprocess.run(command, check=False)


@contextmanager
def served(minutes: float) -> Iterator[str]:
    """Yield the log-in link of a server of our own that has seen these minutes."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        link = server.login_link
        load(min(minutes, 9.0))  # the link is good for ten minutes
        yield link


def take(link: str, span: str) -> None:
    """Write every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        signed_in = browser.new_context()
        page = signed_in.new_page()
        page.goto(link)
        page.wait_for_selector("text=Recorder")
        state = signed_in.storage_state()
        address = page.url.partition("?")[0]
        for name, theme, width, height in PICTURES:
            context = browser.new_context(
                storage_state=state,
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
            )
            page = context.new_page()
            page.goto(f"{address}?range={span}")
            page.wait_for_selector("text=Recorder")
            page.wait_for_timeout(3000)
            page.screenshot(path=IMAGES / f"{name}.png")
            print(IMAGES / f"{name}.png")
            context.close()
        browser.close()


def main() -> None:
    """Take the pictures of a server that runs, or of one of our own."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=5.0)
    arguments.add_argument("--link", default="", help="log-in link of a server that runs")
    chosen = arguments.parse_args()
    span = "5m" if chosen.minutes <= 5 else "15m"
    if chosen.link:
        take(chosen.link, span)
        return
    with served(chosen.minutes) as link:
        take(link, span)


if __name__ == "__main__":
    main()
