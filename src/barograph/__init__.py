"""Barograph: the monitoring service for hosts that people install once and keep.

The package root lazily offers `Client`, and that is all.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barograph.client.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  the module protocol
    if name == "Client":
        from barograph.client.client import Client  # noqa: PLC0415  lazy: the service itself never needs it

        return Client
    raise AttributeError(f"module 'barograph' has no attribute {name!r}")
