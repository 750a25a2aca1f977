import pytest

from barograph.collectors.filters import NameFilter, compile_pattern
from barograph.model.errors import ConfigError


@pytest.mark.parametrize(
    ("include", "exclude", "default", "kept"),
    [
        ("", "", "", ["eth0", "lo", "veth1"]),
        ("eth", "", "", ["eth0", "veth1"]),
        ("^eth", "", "", ["eth0"]),
        ("", "^(lo|veth)", "", ["eth0"]),
        ("^lo$", "^lo$", "^lo$", ["lo"]),
        ("", "^lo$", "^lo$", ["eth0", "veth1"]),
    ],
)
def test_patterns_keep_as_node_exporters_do(include: str, exclude: str, default: str, kept: list[str]) -> None:
    names = NameFilter("collectors.x.device", include, exclude, default)
    assert [name for name in ("eth0", "lo", "veth1") if names.keeps(name)] == kept


def test_both_patterns_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"collectors\.x\.device_include: include and exclude cannot both"):
        NameFilter("collectors.x.device", "a", "b", "c")


def test_a_bad_pattern_names_its_key() -> None:
    with pytest.raises(ConfigError, match=r"collectors\.x\.device_exclude: bad regular expression"):
        NameFilter("collectors.x.device", "", "(")
    with pytest.raises(ConfigError, match="bad regular expression"):
        compile_pattern("p", "(?=x)")
