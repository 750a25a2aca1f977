"""Plants markup in every name, label and annotation and opens every page in Chromium: `make soak S=markup`.

usage: soak_markup.py [--count N] [--results DIR]

The pages are those of the router's table (a page that is added is opened too). Every series that the host has gets
twins whose label values are the payloads, processes are called by them, and people's things are named after them.
Each payload is the label of an alert too, whose annotations are made of it, and some are the reasons of silences and
acknowledgments, and comments. Nothing of it may become an element, an attribute or a script; that each payload was on
a page at all is counted too.
With MARKUP_SHOTS=DIR a picture of each page is kept.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

from barograph.model.clock import SystemClock
from barograph.web.routes import ROUTES
from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hook import Hook, recording
from helpers.hostile import Wire, administer, session_of
from helpers.markup import BINDING, LOOK, TAG, payloads
from helpers.server import Server, eventually, serving, store_samples

PAYLOADS = 2_000
SECONDS = 30
NAMED = 24
PROOF = Proof(
    row=36,
    name="markup",
    fault="Names, labels, annotations and arguments that are markup (stored XSS)",
    promise="Nothing of them is ever more than text: no element, no attribute, no script, in any view.",
    method="Payloads as label values of twins of every series of the host, and of alerts of which the annotations are "
    "made of them, as reasons of silences and acknowledgments, comments, names of processes and their arguments and of "
    "tokens, in addresses, and as names of the host; every page of the router's table, alerts of their own and tables "
    "of all are opened in Chromium, waited for, pointed at and looked through.",
)
BLOCK = 100
RULES = f"""
groups:
  - name: planted
    interval: 1s
    rules:
      - alert: Planted
        expr: planted >= 0
        labels: {{severity: critical, instance: "{{{{ $labels.text }}}}", "team": "{{{{ $labels.text }}}}"}}
        annotations:
          summary: "{{{{ $labels.text }}}}"
          description: "{{{{ $labels.text }}}} **{{{{ $labels.text }}}}**"
          runbook_url: "javascript:{BINDING}(1)"
"""
CONFIG = """
rule_files: [rules.yml]
route: {{receiver: team, group_wait: 1s, group_by: [alertname]}}
receivers: [{{name: team, webhook_configs: [{{url: "{url}"}}]}}]
notify: {{allow: [127.0.0.1]}}
"""
WORDS = """() => document.body.textContent + "\\n"
  + [...document.querySelectorAll("*")].flatMap((one) => [...one.attributes].map((each) => each.value)).join("\\n")"""
FILES = ("/assets/{name}", "/login.css")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def escaped(value: str) -> str:
    """Return a label's value as the text formats have it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def twins(server: Server, texts: list[str]) -> str:
    """Return samples of the last seconds for twins of the host's series, whose labels are the texts."""
    matcher = '{job="node"}'
    found = server.get("/api/v1/series", **{"match[]": matcher}).json()["data"]
    # those with most labels, and each family at least once, until all texts are in
    series = sorted(found, key=lambda labels: (-len(labels), labels["__name__"]))
    lines: list[str] = []
    place = iter(texts)
    now_s = int(SystemClock().now_s())
    rest = [labels for labels in series if len(labels) > 3] or series
    while True:
        for labels in rest:
            given = {name: value for name, value in labels.items() if name in ("job", "instance")}
            try:
                given |= {name: next(place) for name in labels if name not in ("__name__", *given)}
            except StopIteration:
                return "\n".join(lines) + "\n"
            shown = ",".join(f'{name}="{escaped(value)}"' for name, value in given.items())
            at = labels["__name__"] + "{" + shown + "}"
            lines += [f"{at} {1000 * second} {1000 * (now_s - SECONDS + second)}" for second in range(SECONDS)]


@contextmanager
def processes(texts: list[str], folder: Path) -> Iterator[None]:
    """Programs that run under such names and arguments."""
    program = folder / f"<{TAG}>"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    with ExitStack() as stack:
        for text in texts:
            arguments = [text.replace("\0", "")[:4000], "600"]
            stack.callback(subprocess.Popen(arguments, executable=program, stderr=subprocess.DEVNULL).kill)
        yield


def plant(server: Server, texts: list[str]) -> None:
    """Put the texts wherever people or programs may put text."""
    wire = Wire(server.url)
    bearer = ("authorization", f"Bearer {server.token}")
    reply = wire.send("POST", "/api/v1/import/prometheus", [bearer], twins(server, texts).encode())
    assert reply.status == 200, reply.body[:300]
    for text in texts[:NAMED]:
        # a name that is refused is as good as one that is shown as text
        server.request(
            "/api/barograph/v1/tokens",
            method="POST",
            headers={"Authorization": f"Bearer {server.token}"},
            form={"name": text[:100], "scope": "read"},
        )
    wire.close()
    form = {"matcher": f'alertname="{escaped(texts[0])}"', "until_resolved": "true"}
    for text in texts[:NAMED]:
        administer(server, "POST", "/silences/add", **{**form, "reason": text})


def fire(server: Server, texts: list[str], hook: Hook) -> list[int]:
    """Have an alert fire for each text, somebody comment on some of them, and a message be sent; returns their ids."""
    now_ms = SystemClock().now_ms()
    lines = [
        f'planted{{block="{place // BLOCK}",text="{escaped(text)}"}} {place} {now_ms}'
        for place, text in enumerate(texts)
    ]
    store_samples(server, lines)

    def listed() -> list[Any] | None:
        found = administer(server, "GET", f"/alerts?limit={NAMED}")
        return found["alerts"] if found["total"] >= len(texts) else None

    ids = [alert["id"] for alert in eventually(listed, 120, "an alert for each text")]
    for number, text in zip(ids, texts, strict=False):
        administer(server, "POST", f"/alerts/{number}/comment", text=text)
        administer(server, "POST", f"/alerts/{number}/ack", reason=text)
    eventually(lambda: hook.heard or None, what="a message")
    return ids


def addresses(host: str, texts: list[str], ids: list[int]) -> Iterator[str]:
    """Yield addresses of every page: with the host's name, with a payload in each place, and with some in the query.

    Then those of single alerts, of their lists, and of tables that show every text.
    """
    yield from (f"/alerts/{place}" for place in ("history", "silences", "silences?new=1", "delivery", *ids))
    for block in range(-(-len(texts) // BLOCK)):
        yield "/explore?" + urlencode({"q": f'planted{{block="{block}"}}', "mode": "instant"})
    yield "/explore?" + urlencode({"q": 'planted{block="0"}'})
    for route in ROUTES:
        if not route.page or route.template in FILES or "GET" not in route.methods:
            continue
        parts = route.template.replace("{host}", quote(host, safe=""))
        made = parts
        for text in ("x", *texts[:2]):
            made = parts
            while "{" in made:
                head, _, rest = made.partition("{")
                made = head + quote(text, safe="") + rest.partition("}")[2]
            yield made
            if "{" not in parts:
                break
        if "{host}" in route.template:
            yield route.template.replace("{host}", quote(texts[1], safe="")).replace("{", "").replace("}", "")
        query = "&".join(
            f"{name}={quote(text)}" for name, text in zip(("expr", "q", "only", "at"), texts, strict=False)
        )
        yield f"{made}?{query}#{quote(texts[0])}"


class Watch:
    """What a page did that it must not do."""

    def __init__(self, page: Page) -> None:
        self.executed: list[str] = []
        self.blocked: list[str] = []
        page.expose_function(BINDING, lambda *_: self.executed.append(page.url))
        page.on("dialog", self._spoke)
        page.on("request", self._asked)
        page.on("console", self._said)

    def _spoke(self, dialog: Dialog) -> None:
        self.executed.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if f"{BINDING}.example" in request.url:
            self.executed.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.blocked.append(message.text)


def look(page: Page, server: Server, path: str, wait_ms: int) -> tuple[dict[str, int], str]:
    """Open a page, wait until it shows something, point at it, and count; also returns its text and attributes."""
    page.goto(server.url + path, wait_until="load")
    if "mode=instant" in path:
        page.wait_for_selector("table tbody tr")
    page.wait_for_timeout(wait_ms)
    for x, y in ((400, 300), (900, 300), (900, 500)):
        page.mouse.move(x, y)
    page.wait_for_timeout(100)
    found: dict[str, int] = page.evaluate(LOOK)
    words: str = page.evaluate(WORDS)
    return found, words


def open_all(browser: Browser, server: Server, texts: list[str], ids: list[int], shots: Path | None) -> list[Figure]:
    """Open every page and return what was found."""
    host = str(server.get("/api/barograph/v1/status").json()["data"]["instance"])
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    name, _, value = session_of(server, "").partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.url}])
    context.set_default_timeout(120_000)
    page = context.new_page()
    watch, totals, opened = Watch(page), {"tags": 0, "handlers": 0, "frames": 0, "shown": 0}, 0
    unseen = {text: {text, escaped(text), escaped(text).replace("\t", "\\t")} for text in texts}
    paths = dict.fromkeys(addresses(host, texts, ids))
    # what a busy machine did not show in time is looked for again, with more of it
    for path, wait_ms in [*((path, 700) for path in paths), *((path, 7000) for path in paths)]:
        if wait_ms > 700 and not unseen:
            break
        found, words = look(page, server, path, wait_ms)
        opened += 1
        unseen = {text: forms for text, forms in unseen.items() if not any(form in words for form in forms)}
        if shots is not None:
            page.screenshot(path=shots / f"{opened}.png")
        if found["tags"] + found["handlers"] + found["frames"]:
            print(f"{path}: {found}", file=sys.stderr)
        totals = {key: totals[key] + found[key] for key in totals}
    page.evaluate(f"document.body.appendChild(document.createElement('{TAG}')).setAttribute('href', 'javascript:1')")
    control = page.evaluate(LOOK)
    context.close()
    for words in watch.executed + watch.blocked + [f"nowhere: {text!r}" for text in unseen]:
        print(words, file=sys.stderr)
    return [
        Figure(name="pages opened", value=opened),
        Figure(name="payloads that no page showed as text", value=len(unseen), must_be=0),
        Figure(name="times that pages showed them", value=totals["shown"]),
        Figure(name="executed, or asked of elsewhere", value=len(watch.executed), must_be=0),
        Figure(name="stopped by the content security policy alone", value=len(watch.blocked), must_be=0),
        Figure(name="elements made of data", value=totals["tags"], must_be=0),
        Figure(name="attributes and frames made of data", value=totals["handlers"] + totals["frames"], must_be=0),
        Figure(name="control: an element that was planted is seen", value=control["tags"], must_be=1),
        Figure(name="control: so is its address", value=control["handlers"], must_be=1),
    ]


def figures(count: int, place: Path) -> list[Figure]:
    """Run the proof."""
    texts = payloads(count)
    shots = os.environ.get("MARKUP_SHOTS")
    with ExitStack() as stack:
        hook = stack.enter_context(recording())
        stack.enter_context(processes(texts[:NAMED], place))
        (place / "rules.yml").write_text(RULES)
        (place / "barograph.yml").write_text(CONFIG.format(url=hook.url))
        server = stack.enter_context(serving(place / "data", "--config", str(place / "barograph.yml")))
        play = stack.enter_context(sync_playwright())
        eventually(lambda: server.value("node_load1") is not None, what="a sample")
        plant(server, texts)
        ids = fire(server, texts, hook)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        found = open_all(browser, server, texts, ids, Path(shots) if shots else None)
        administer(server, "GET", "/me")  # it lives
        browser.close()
    return [Figure(name="payloads", value=len(texts)), *found]


def main() -> int:
    """Run and print."""
    options = read_options("Plant markup and look at every page.", PAYLOADS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
