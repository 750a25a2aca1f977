"""Templates come to the same text, error messages included, in Debian's promtool and here."""

import shutil
from pathlib import Path

import pytest

from differential.template_world import theirs
from helpers.templates import TEMPLATES, is_same, recorded, rendered

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed"),
]


def test_templates_come_to_the_same(tmp_path: Path) -> None:
    answers = theirs(tmp_path, TEMPLATES)
    assert answers == recorded()
    wrong = [text for text in TEMPLATES if not is_same(text, rendered(text), answers[text])]
    assert not wrong
