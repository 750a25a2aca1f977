"""Every parser of text or bytes that somebody else may have written, as a function of bytes, for a fuzzer.

Each may raise what its docstring promises, and nothing else. tools/soak_fuzz.py runs them under atheris; the corpora
beside this file hold what it has found to go new ways, and are run as plain tests in every build.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from barograph.alerts.matchers import parse_matchers
from barograph.alerts.silence_book import silence_of
from barograph.app.config import Config
from barograph.app.config_convert import Source, convert
from barograph.app.importing import ImportText, read_columns, reader_of
from barograph.app.yaml_source import parse_yaml
from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS
from barograph.model.errors import BarographError
from barograph.model.matcher import compile_regex
from barograph.model.silence import StoredSilence
from barograph.model.units import Duration, Size
from barograph.outbound.url import parse_target
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.describe import describe_expr
from barograph.promql.parser.parse import parse
from barograph.promql.parser.printer import print_expr
from barograph.rules.rulefile import check_rule_file
from barograph.templates.template import TemplateData
from barograph.templates.template import parse as parse_template
from barograph.web.config import WebConfig
from barograph.web.credentials import read_credential
from barograph.web.parameters import parse_duration_ms, parse_parameters, parse_time_ms, unescape_name
from barograph.web.place import own_names, read_headers, refuse_place
from barograph.web.proxies import Proxies

Target = Callable[[bytes], None]
CORPORA = Path(__file__).parent / "corpora"
_NEWEST_MS = 1_800_000_000_000
_NAMES = own_names(WebConfig())
_PROXIES = Proxies(WebConfig(trusted_proxies=("127.0.0.1",), external_url="https://metrics.example"))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _import(kind: str, **more: Any) -> Target:
    def run(data: bytes) -> None:
        reader = reader_of(ImportText(format=kind, newest_ms=_NEWEST_MS, default_ms=1, **more))
        for columns in read_columns(reader, io.BytesIO(data)):
            assert len(columns) >= 0

    return run


def _promql(data: bytes) -> None:
    expression = parse(_text(data), SIGNATURES)
    again = parse(print_expr(expression), SIGNATURES)
    assert print_expr(again) == print_expr(expression), "what is printed is read as it was"
    describe_expr(expression, SIGNATURES)


def _yaml(data: bytes) -> None:
    document = parse_yaml(_text(data), "fuzz.yml")
    convert(document.values or {}, Config, Source(document, {}))


def _rules(data: bytes) -> None:
    document = parse_yaml(_text(data), "rules.yml", as_texts=True)
    check_rule_file(document.values, document.error)


def _headers(data: bytes) -> None:
    lines = [line.partition(b":") for line in data.split(b"\n")]
    headers = read_headers((name.lower(), value.strip()) for name, _, value in lines)
    if isinstance(headers, dict):
        read_credential(headers)
        refuse_place(headers, "http", _NAMES)
        _PROXIES.origin("127.0.0.1", "http", headers)


def _parameters(data: bytes) -> None:
    for name, values in parse_parameters(data).items():
        for read in (parse_time_ms, parse_duration_ms):
            try:
                read(values[0], name)
            except BarographError:
                continue
    unescape_name(_text(data))


def _units(data: bytes) -> None:
    text = _text(data)
    for kind in (Duration, Size):
        try:
            value = kind.parse(text)
        except ValueError:
            continue
        assert kind.parse(str(value)) == value, "what is written is read as it was"


def _regex(data: bytes) -> None:
    compile_regex(_text(data[:500])).fullmatch("a" * 100)


def _template(data: bytes) -> None:
    about = TemplateData(labels={"instance": "atlas", "job": "node"}, value=2.5)
    parse_template(_text(data)).render(about, lambda _: [])


def _matchers(data: bytes) -> None:
    parse_matchers(_text(data))


def _windows(data: bytes) -> None:
    stored = StoredSilence(
        id="s", matchers=("a=b",), author="ada", reason="r", starts_ms=1, ends_ms=0, windows=_text(data)
    )
    silence = silence_of(stored)
    for at_ms in (0, _NEWEST_MS, 4_102_444_800_000):
        silence.state(at_ms)


def _url(data: bytes) -> None:
    parse_target(_text(data))


TARGETS: dict[str, Target] = {
    "promql": _promql,
    "openmetrics": _import(OPENMETRICS),
    "csv": _import(CSV),
    "csv_described": _import(CSV, csv_format="1:time:unix_s,2:metric:x,3:label:y"),
    "json_lines": _import(JSON_LINES),
    "configuration": _yaml,
    "rules": _rules,
    "headers": _headers,
    "parameters": _parameters,
    "matchers": _matchers,
    "windows": _windows,
    "template": _template,
    "units": _units,
    "regex": _regex,
    "url": _url,
}


def run(name: str, data: bytes) -> None:
    """Give data to a target; what it may raise is swallowed, all else is a finding."""
    try:
        TARGETS[name](data)
    except BarographError:
        return
