import pytest

from barograph.app.alert_config import made_ways, place_of, policy_of
from barograph.app.alert_service import prepare
from barograph.app.config import Config
from barograph.model.errors import AlertError, ConfigError
from barograph.notify.config import NotifyConfig


def test_without_settings_nobody_is_told() -> None:
    telling = prepare(Config())
    assert (telling.policy.root, telling.ways, telling.heartbeat.url) == (None, {}, None)


def test_networks_that_are_none_are_refused() -> None:
    config = Config(notify=NotifyConfig(allow=("10.0.0.1/8",)))
    with pytest.raises(AlertError, match=r"^notify.allow: "):
        policy_of(config, made_ways(config))
    with pytest.raises(ConfigError, match="allow"):
        prepare(config)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("route.routes[0].receiver: none", ("none", ("route", "routes", 0, "receiver"))),
        ("receivers[12].name: none", ("none", ("receivers", 12, "name"))),
        ("no place at all", ("no place at all", ("route",))),
        ("'a b' is none: x", ("'a b' is none: x", ("route",))),
    ],
)
def test_words_name_the_place_of_a_setting(words: str, place: tuple[str, tuple[str | int, ...]]) -> None:
    assert place_of(AlertError(words)) == place
