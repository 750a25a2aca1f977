"""Plain values to structs and back, with a struct that has what our own sections do not have yet."""

from typing import Any

import msgspec
import pytest

from barograph.app.config_convert import Source, convert, decode_setting, encode_setting
from barograph.app.yaml_source import parse_yaml
from barograph.model.errors import ConfigError
from barograph.model.secret import Secret
from barograph.model.units import Duration, Size


class Door(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: Secret | None = None
    ratio: float = 0.5
    names: tuple[str, ...] = ()


class House(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    door: Door | None = None
    doors: tuple[Door, ...] = ()


def house(text: str) -> House:
    document = parse_yaml(text, "house.yml")
    return convert(document.values, House, Source(document, {}))


def test_a_secret_is_read_and_stays_hidden() -> None:
    door = house("door: {password: hunter2}").door
    assert door is not None
    assert door.password == Secret("hunter2")
    assert "hunter2" not in repr(door)


def test_what_stands_in_a_secrets_place_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="a text is expected") as caught:
        house("door: {password: [123456]}")
    assert "123456" not in str(caught.value)


def test_keys_of_an_optional_section_and_of_a_lists_items_are_known() -> None:
    with pytest.raises(ConfigError, match=r"house.yml:1:8: door.rato: unknown key 'rato'; did you mean 'ratio'"):
        house("door: {rato: 1}")
    with pytest.raises(ConfigError, match=r"house.yml:1:10: doors\[0\].*unknown key 'rato'"):
        house("doors: [{rato: 1}]")


def test_a_key_without_a_value_has_its_default_in_a_list_too() -> None:
    assert house("doors: [{ratio: }, {ratio: 0.1}]").doors == (Door(), Door(ratio=0.1))


def test_a_value_where_a_number_is_expected() -> None:
    with pytest.raises(ConfigError, match=r"door\.ratio: expected a number, got a text"):
        house("door: {ratio: half}")


def test_a_key_that_holds_a_quote_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown key 'a`b'"):
        house('"a`b": 1')


@pytest.mark.parametrize("value", [Duration.parse("90d"), Duration(0), Size.parse("3GiB")])
def test_what_is_encoded_decodes_to_the_same(value: Any) -> None:
    assert decode_setting(type(value), encode_setting(value)) == value


def test_a_secret_is_never_encoded() -> None:
    with pytest.raises(NotImplementedError, match="Secret") as caught:
        encode_setting(Secret("CANARY"))
    assert "CANARY" not in str(caught.value)


def test_a_type_without_a_rule_is_a_bug() -> None:
    with pytest.raises(NotImplementedError, match="complex"):
        decode_setting(complex, 1)
    with pytest.raises(NotImplementedError, match="complex"):
        encode_setting(1j)
