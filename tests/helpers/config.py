"""A configuration from its text, read as a server reads it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from barograph.app.config import Config, load_config


def config_of(text: str) -> Config:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "barograph.yml"
        file.write_text(text)
        return load_config(file, {})
