"""The table of templates that promtool has rendered, and how we render them."""

import json
from pathlib import Path

from barograph.model.errors import TemplateError
from barograph.templates.template import TemplateData, parse
from barograph.templates.values import QuerySample

FOLDER = Path(__file__).parents[1] / "fixtures" / "templates"
TEMPLATES = [
    line.replace("⏎", "\n")
    for line in (FOLDER / "templates.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
NEWER = {
    # as later versions of Go and of Prometheus say it
    "{{ eq .Labels .Labels }}": "error calling eq: non-comparable type map[string]string",
    "{{ len nil }}": "error calling len: len of nil pointer",
    "{{ toUpper . }}": "expected string; got struct { Labels map[string]string; ExternalLabels map[string]string; "
    "ExternalURL string; Value interface {} }",
    "{{ .Foo }}": "in type struct { Labels map[string]string; ExternalLabels map[string]string; "
    "ExternalURL string; Value interface {} }",
    # ours blames the method, theirs its argument
    "{{ (toTime 0).Format 5 }}": "wrong type for value; expected string; got int",
}
SAMPLES = {
    "x": [QuerySample(labels={"__name__": "x", "a": "1"}, value=1234567.891)],
    "nothing": [],
    'y{n=~"a|b"}': [
        QuerySample(labels={"__name__": "y", "n": "b"}, value=2.5),
        QuerySample(labels={"__name__": "y", "n": "a"}, value=-3.0),
    ],
    "vector(7)": [QuerySample(labels={}, value=7.0)],
}
LABELS = {
    "__name__": "x",
    "a": "1",
    "b": 'q & "r" <s>',
    "host": "web-1.example.com:9100",
    "ip": "10.0.0.1:80",
}
EXTERNAL = {"zone": "eu", "k": "v"}
DATA = TemplateData(
    labels=LABELS, value=1234567.891, external_labels=EXTERNAL, external_url="http://h:9090/p", at_ms=60_000
)


def recorded() -> dict[str, str]:
    """Return what promtool 2.42 made of each template, as `tests/differential/test_templates.py` asks it again."""
    answers: dict[str, str] = json.loads((FOLDER / "promtool.json").read_text())
    return answers


def query(expression: str) -> list[QuerySample]:
    """Answer the few queries that the templates make."""
    return SAMPLES[expression]


def rendered(text: str, data: TemplateData = DATA) -> str:
    """Render as rules would show it."""
    try:
        return parse(text, name="__alert_A").render(data, query)
    except TemplateError as error:
        return f"<error expanding template: {error}>"


def is_same(text: str, mine: str, theirs: str) -> bool:
    """Tell whether two renderings agree, or differ as they should."""
    return mine == theirs or (text in NEWER and mine.endswith(NEWER[text] + ">"))
