"""An example of a collector for Barograph."""
