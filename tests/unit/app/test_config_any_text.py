"""Whatever stands in the file or in a variable: a configuration or a refusal in words, and never anything else."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from barograph.app.config import Config, decode_config, encode_config, load_config
from barograph.app.config_schema import settings_of
from barograph.model.errors import ConfigError

_KEYS = [setting.name for setting in settings_of(Config)]
_SECTIONS = [setting.section for setting in settings_of(Config) if setting.section is not None]
_INNER = sorted({field.encode_name for section in _SECTIONS for field in msgspec.structs.fields(section)})
_TOKENS = [
    *_KEYS,
    *_INNER,
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!!int ",
    "!!x ",
    "?",
    "|",
    ">",
]
_TOKENS += [
    "~",
    "1",
    "-1",
    "1e400",
    "0x",
    "yes",
    "30d",
    "1GiB",
    "'",
    '"',
    "<<",
    "%",
    "@",
    "`",
    "\t",
    "#",
    "\x00",
    "\ufeff",
]
_WORDS = st.sampled_from(["", "30d", "1GiB", "0", "x", "(", "json", "info", "127.0.0.1:1", "::", "-1s", "\x1b", "é"])
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _WORDS
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_INNER) | _WORDS, inner, max_size=4),
    max_leaves=12,
)


def load(text: str) -> Config | ConfigError:
    with tempfile.NamedTemporaryFile(suffix=".yml") as file:
        file.write(text.encode("utf-8", "surrogatepass"))
        file.flush()
        try:
            return load_config(Path(file.name), {})
        except ConfigError as error:
            assert error.file == file.name
            assert error.message
            return error


def check(outcome: Config | ConfigError) -> None:
    if isinstance(outcome, Config):
        assert decode_config(encode_config(outcome)) == outcome


@given(st.lists(st.sampled_from(_TOKENS), max_size=25).map("".join) | st.text(max_size=60))
def test_any_text(text: str) -> None:
    check(load(text))


@example({"rule_files": [""]})
@example({"rule_files": ["x", "1GiB"]})
@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=3))
def test_any_values_below_known_keys(values: dict[str, Any]) -> None:
    outcome = load(yaml.safe_dump(values))
    check(outcome)
    if isinstance(outcome, ConfigError):
        assert outcome.line > 0, "each refusal of a value has its place"


@given(st.sampled_from([*_KEYS, *_INNER]), st.sampled_from(_INNER), st.text(max_size=20) | _WORDS)
def test_any_variable(section: str, key: str, text: str) -> None:
    name = f"BAROGRAPH_{section}__{key}".upper()
    try:
        check(load_config(None, {name: text}))
    except ConfigError as error:
        assert error.file == name
