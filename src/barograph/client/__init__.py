"""The public Python API: `from barograph import Client`."""
