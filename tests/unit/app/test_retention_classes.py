import pytest

from barograph.app.retention_classes import retention_classes
from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.model.units import Duration, Size
from barograph.tsdb.classes import Classes
from barograph.tsdb.config import StoreConfig

DEV, BIG = '{job="dev"}', '{__name__=~"big_.*", job!="dev"}'


def test_selectors_become_classes_in_their_order() -> None:
    config = StoreConfig(
        retention_for={DEV: Duration.parse("3d"), "up": Duration.parse("1y")},
        max_size_for={BIG: Size.parse("1GiB"), DEV: Size.parse("2GiB")},
    )
    dev, up, big = retention_classes(config)
    assert (dev.retention_ms, dev.max_bytes) == (3 * 86_400_000, 2 << 30)
    assert (up.retention_ms, up.max_bytes) == (365 * 86_400_000, None)
    assert (big.retention_ms, big.max_bytes) == (None, 1 << 30)
    classes = Classes((dev, up, big))
    assert classes.class_of(Labels.of("up", job="dev")) == dev.name
    assert classes.class_of(Labels.of("up", job="prod")) == up.name
    assert classes.class_of(Labels.of("big_one")) == big.name
    assert classes.class_of(Labels.of("small")) == ""


@pytest.mark.parametrize("text", ["1", "up offset 1m", "up @ 5", "rate(up[1m])", "{"])
def test_only_selectors_name_classes(text: str) -> None:
    with pytest.raises(QueryError):
        retention_classes(StoreConfig(retention_for={text: Duration.parse("1d")}))
