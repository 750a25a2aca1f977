"""Templates of alerts rendered, beside a bare f-string that makes the same text.

usage: bench_templates.py [--renderings 50000]
"""

import argparse
import time
from collections.abc import Callable

from barograph.templates.template import TemplateData, parse
from report import Row, report

_LABELS = {"instance": "web-1.example.com:9100", "job": "node", "mountpoint": "/srv", "device": "/dev/sda1"}
_DATA = TemplateData(labels=_LABELS, value=93.51234)
_TEMPLATES: dict[str, tuple[str, Callable[[dict[str, str], float], str]]] = {
    "labels": (
        "{{ $labels.instance }}: {{ $labels.mountpoint }} is full",
        lambda labels, _: f"{labels['instance']}: {labels['mountpoint']} is full",
    ),
    "printf": (
        "{{ $labels.instance }}: {{ $labels.mountpoint }} is {{ printf `%.1f` $value }} % full",
        lambda labels, value: f"{labels['instance']}: {labels['mountpoint']} is {value:.1f} % full",
    ),
    "conditions": (
        "{{ if gt $value 90.0 }}{{ range $k, $v := .Labels }}{{ $k }}={{ $v }} {{ end }}{{ end }}",
        lambda labels, value: "".join(f"{k}={v} " for k, v in sorted(labels.items())) if value > 90 else "",
    ),
}


def per_second(work: Callable[[], str], count: int) -> float:
    """Return how often a second something can be done."""
    started_s = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - started_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renderings", type=int, default=50_000)
    count = parser.parse_args().renderings
    rows = []
    for name, (text, bare) in _TEMPLATES.items():
        template = parse(text)
        assert template.render(_DATA, lambda _: []) == bare(_LABELS, _DATA.value)
        ours = per_second(lambda template=template: template.render(_DATA, lambda _: []), count)  # type: ignore[misc]
        floor = per_second(lambda bare=bare: bare(_LABELS, _DATA.value), count)  # type: ignore[misc]
        rows.append(Row(name=name, figure=ours, unit="renderings/s", ratio=ours / floor, reference="an f-string"))
    report("templates", rows)


if __name__ == "__main__":
    main()
