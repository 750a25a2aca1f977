"""The stock alerts, all of them: a literal table in the form of the section `thresholds`, and the reading of it.

Called by app, which lets the configuration change them, and by the generator of docs/alerts.
"""

from collections.abc import Mapping

from barograph.model.errors import ConfigError
from barograph.rules.rulefile import KeyPath
from barograph.rules.stock import disks, processor, system
from barograph.rules.threshold_reading import read_thresholds
from barograph.rules.thresholds import Threshold

STOCK: Mapping[str, Mapping[str, object]] = {**processor.ALERTS, **disks.ALERTS, **system.ALERTS}


def stock_thresholds() -> dict[str, Threshold]:
    """Return the stock alerts, by name."""
    return read_thresholds(STOCK, {}, _refuse)


def _refuse(message: str, path: KeyPath) -> ConfigError:
    return ConfigError(message, file="stock", path=".".join(map(str, path)))
