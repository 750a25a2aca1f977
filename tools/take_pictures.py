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
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from helpers.server import serving  # noqa: E402  the path is set one line above

IMAGES = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
# name, theme, width and height, and which page: {host}, {span}, {alert} and {at} are filled in
PICTURES = (
    ("overview-dark", "dark", 1440, 1480, "/h/{host}?range={span}"),
    ("overview-light", "light", 1440, 1480, "/h/{host}?range={span}"),
    ("phone-dark", "dark", 390, 844, "/h/{host}?range={span}"),
    ("flight-recorder-dark", "dark", 1440, 950, "/h/{host}/processes?at={at}"),
    ("alerts-light", "light", 1440, 640, "/alerts"),
    ("alert-detail-dark", "dark", 1440, 1170, "/alerts/{alert}"),
)
# an alert that the disk's load makes fire, so that there is one to look at
RULES = """\
groups:
  - name: pictures
    interval: 1s
    rules:
      - alert: IoPressureHigh
        expr: 100 * rate(node_pressure_io_waiting_seconds_total[15s]) > 10
        for: 5s
        keep_firing_for: 30m
        labels: {severity: critical}
        annotations:
          summary: I/O pressure high
          description: "Tasks waited for the disk during {{ $value | printf `%.0f` }} % of the last 15 s."
"""
# what a machine's day looks like: quiet, computing, writing, a mix
LOADS = (
    ("--cpu", "1", "--cpu-load", "35"),
    ("--cpu", "2", "--cpu-load", "80"),
    ("--cpu", "1", "--cpu-load", "20", "--vm", "1", "--vm-bytes", "2G", "--vm-keep"),
    ("--hdd", "2", "--hdd-bytes", "64M", "--hdd-opts", "wr-rnd,fsync"),
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
    with tempfile.TemporaryDirectory() as folder:
        rules, settings = Path(folder) / "rules.yml", Path(folder) / "barograph.yml"
        rules.write_text(RULES)
        settings.write_text(f"rule_files: [{rules}]\n")
        with serving(Path(folder) / "data", "--config", str(settings)) as server:
            link = server.login_link
            load(min(minutes, 9.0))  # the link is good for ten minutes
            yield link


def places(page: Page, span: str) -> dict[str, str]:
    """Return what the addresses of pictures are filled with: this host, and the worst alert with its instant."""
    base = page.url.partition("/h/")[0]
    host = page.url.partition("/h/")[2].partition("?")[0].partition("/")[0]
    found = page.request.get(f"{base}/api/barograph/v1/alerts").json()["data"]["alerts"]
    firing = [alert for alert in found if alert["state"] != "pending"]
    if not firing:
        return {"host": host, "span": span, "alert": "", "at": ""}
    at = datetime.fromtimestamp(firing[0]["fired"] + 4, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"host": host, "span": span, "alert": str(firing[0]["id"]), "at": at}


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
        base, filled = page.url.partition("/h/")[0], places(page, span)
        for name, theme, width, height, address in PICTURES:
            if ("{alert}" in address or "{at}" in address) and not filled["alert"]:
                print(f"{name}: left as it was, no alert fires")
                continue
            context = browser.new_context(
                storage_state=state,
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
            )
            page = context.new_page()
            page.goto(base + address.format(**filled))
            page.wait_for_selector("main h1")
            page.wait_for_timeout(5000)
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
