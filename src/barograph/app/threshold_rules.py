"""The section `thresholds` of a configuration -> groups of rules. Used by the keeper and by `rules show`."""

from barograph.app.config import Config
from barograph.model.errors import ConfigError
from barograph.rules.group import RuleFile
from barograph.rules.rulefile import KeyPath, RuleGroup
from barograph.rules.stock.table import STOCK, stock_thresholds
from barograph.rules.threshold_reading import read_thresholds
from barograph.rules.thresholds import Threshold, compile_thresholds

STOCK_FILE = "stock"
"""Where rules of stock alerts are said to stand, in the place of a file's name."""
OWN_FILE = "thresholds"
"""Where those of other thresholds are."""


def thresholds_of(config: Config) -> dict[str, Threshold]:
    """Return the thresholds of a configuration, by name: the stock ones as it changes them, then its own.

    Raises:
        ConfigError: One cannot be used, which reading the file should have told.
    """
    return read_thresholds(config.thresholds, stock_thresholds(), _refuse)


def threshold_files(config: Config) -> list[RuleFile]:
    """Return the rules of thresholds as files, which have the names that rules are said to stand in."""
    known = thresholds_of(config)
    groups = {
        STOCK_FILE: compile_thresholds([each for name, each in known.items() if name in STOCK]),
        OWN_FILE: compile_thresholds([each for name, each in known.items() if name not in STOCK]),
    }
    return [RuleFile(name=name, groups=found) for name, found in groups.items() if found]


def threshold_groups(config: Config) -> list[RuleGroup]:
    """Return the groups of rules of all thresholds."""
    return [group for file in threshold_files(config) for group in file.groups]


def _refuse(message: str, path: KeyPath) -> ConfigError:
    return ConfigError(message, path=".".join(map(str, path)))
