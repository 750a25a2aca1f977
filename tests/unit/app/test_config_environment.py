"""Settings from environment variables."""

import pytest

from barograph.app.config import load_config
from barograph.app.config_environment import environment_overrides
from barograph.model.errors import ConfigError
from barograph.model.units import Duration


def test_two_underscores_part_a_path_and_the_value_is_yaml() -> None:
    environment = {
        "BAROGRAPH_INSTANCE": "web-1",
        "BAROGRAPH_WEB__LISTEN": "['127.0.0.1:1', '[::1]:2']",
        "BAROGRAPH_WEB__LIVE_CLIENTS": "3",
        "BAROGRAPH_COLLECTORS__NETDEV__DEVICE_EXCLUDE": "^lo$",
        "BAROGRAPH_COLLECTORS__CPU__ENABLED": "false",
        "PATH": "/bin",
    }
    config = load_config(None, environment)
    assert config.instance == "web-1"
    assert config.web.listen == ("127.0.0.1:1", "[::1]:2")
    assert config.web.live_clients == 3
    assert config.collectors.netdev.device_exclude == "^lo$"
    assert not config.collectors.is_enabled("cpu")


def test_an_empty_variable_means_the_default() -> None:
    assert load_config(None, {"BAROGRAPH_WEB__LISTEN": ""}).web.listen == ("127.0.0.1:10132",)


def test_a_whole_section_can_be_given_and_a_longer_path_goes_before_it() -> None:
    environment = {
        "BAROGRAPH_STORE__RETENTION": "3d",
        "BAROGRAPH_STORE": "{retention: 9d, max_size: 1GiB}",
    }
    config = load_config(None, environment)
    assert config.store.retention == Duration.parse("3d")
    assert str(config.store.max_size) == "1GiB"


@pytest.mark.parametrize(
    "name",
    [
        "BAROGRAPH_URL",
        "BAROGRAPH_TOKEN",
        "BAROGRAPH_TOKEN",
        "BAROGRAPH_SERVE_OPTIONS",
        "BAROGRAPH_FAIL_ON_SKIP",
        "BAROGRAPH_SERVICE_HOST",
        "BAROGRAPH_SERVICE_PORT",
        "BAROGRAPH_SERVICE_PORT_HTTP",
        "BAROGRAPH_PORT",
        "BAROGRAPH_PORT_10132_TCP",
        "BAROGRAPH_PORT_10132_TCP_ADDR",
    ],
)
def test_variables_that_are_no_settings_are_left_alone(name: str) -> None:
    assert environment_overrides({name: "tcp://10.0.0.7:10132"}) == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BAROGRAPH_LOG__LEVEL", "loud", "^BAROGRAPH_LOG__LEVEL: log.level: level is 'loud'"),
        ("BAROGRAPH_LOG", "{level: loud}", "^BAROGRAPH_LOG: log.level: level is 'loud'"),
        ("BAROGRAPH_LOG__LEVLE", "info", "^BAROGRAPH_LOG__LEVLE: log.levle: unknown key 'levle'; did you mean 'level'"),
        ("BAROGRAPH_NOPE", "1", "^BAROGRAPH_NOPE: nope: unknown key"),
        ("BAROGRAPH_WEB__LISTEN", "127.0.0.1:1", "^BAROGRAPH_WEB__LISTEN: web.listen: expected a list, got a text"),
        ("BAROGRAPH_WEB__LISTEN", "[", "^BAROGRAPH_WEB__LISTEN:1:2: this is no YAML"),
        ("BAROGRAPH_STORE__FOLD_TICKS", "5000", "^BAROGRAPH_STORE__FOLD_TICKS: store.ring_slots: ring_slots is 1200"),
        ("BAROGRAPH_LOG__LEVEL__X", "1", "^BAROGRAPH_LOG__LEVEL__X: log.level: expected a text"),
    ],
)
def test_a_mistake_names_the_variable(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(None, {name: value})


def test_a_path_through_a_value_is_refused() -> None:
    environment = {"BAROGRAPH_LOG": "debug", "BAROGRAPH_LOG__LEVEL": "info"}
    with pytest.raises(ConfigError, match=r"BAROGRAPH_LOG__LEVEL: log\.level cannot be set, log is no section"):
        load_config(None, environment)
