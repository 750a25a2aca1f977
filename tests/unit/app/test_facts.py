import msgspec
import yaml

from barograph.app.config import Config
from barograph.app.facts import shown_config, shown_settings
from barograph.model.secret import Secret


def test_the_configuration_is_shown_with_its_defaults() -> None:
    shown = yaml.safe_load(shown_config(Config(instance="web-1")))
    assert shown["instance"] == "web-1"
    assert shown["store"]["retention"] == "30d"
    assert shown["web"]["listen"] == ["127.0.0.1:10132"]


def test_settings_are_text_by_their_dotted_name() -> None:
    settings = shown_settings(Config())
    assert settings["store.retention"] == "30d"
    assert settings["web.listen"] == "127.0.0.1:10132"
    assert settings["query.delayed_name_removal"] == "false"
    assert all(isinstance(value, str) for value in settings.values())


class WithSecret(msgspec.Struct):
    password: Secret


def test_a_secret_is_never_shown() -> None:
    hidden = WithSecret(Secret("canary"))
    assert "canary" not in shown_config(hidden)  # type: ignore[arg-type]
    assert shown_settings(hidden) == {"password": "<secret>"}  # type: ignore[arg-type]
