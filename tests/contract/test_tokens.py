"""The palette keeps its promises: contrasts are recomputed from the CSS and compared with the design's figures."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "web" / "src" / "styles" / "tokens.css"

# token -> (against --surface, against --bg): the design's own figures (WCAG 2.2 contrast)
DARK = {
    "text": (15.4, 16.3),
    "text-2": (9.0, 9.6),
    "text-3": (5.7, 6.1),
    "accent": (8.6, 9.1),
    "line": (1.2, None),
    "line-2": (1.7, None),
    "crit-fill": (7.4, None),
    "warn-fill": (10.2, None),
}
LIGHT = {
    "text": (17.8, 15.9),
    "text-2": (8.6, 7.6),
    "text-3": (5.3, 4.7),
    "accent": (6.2, 5.5),
    "line": (1.3, None),
    "line-2": (1.7, None),
    "crit-fill": (4.6, None),
    "warn-fill": (3.3, None),
}
# token -> (against --surface, against its own background)
DARK_STATES = {"crit": (7.4, 6.6), "warn": (10.2, 8.6), "ok": (9.4, 8.1), "info": (8.6, 7.5)}
LIGHT_STATES = {"crit": (6.3, 5.5), "warn": (6.4, 5.7), "ok": (5.9, 5.2), "info": (6.2, 5.4)}
DARK_CATEGORIES = (4.6, 6.0, 8.7, 4.4, 13.2, 7.4, 4.2, 13.5, 8.9, 11.4)
LIGHT_CATEGORIES = (3.0, 6.8, 4.6, 9.7, 3.1, 8.3, 10.0, 6.7, 4.4, 3.6)
TEXTS = ("text", "text-2", "text-3", "accent", "crit", "warn", "ok", "info")


def _tokens(selector: str) -> dict[str, str]:
    text = re.sub(r"/\*.*?\*/", "", CSS.read_text(), flags=re.S)
    outside_media = text.split("@media")[0]
    blocks = re.findall(rf"^{re.escape(selector)} \{{(.*?)^\}}", outside_media, flags=re.S | re.M)
    found = re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\s*;", "".join(blocks))
    return dict(found)


def _palette(theme: str) -> dict[str, str]:
    dark = _tokens(":root")
    return dark if theme == "dark" else dark | _tokens(':root[data-theme="light"]')


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _near(found: float, stated: float) -> bool:
    return abs(found - stated) <= 0.051


def test_contrast_is_computed_as_wcag_does() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_tokens_have_the_stated_contrast_on_surface_and_page(theme: str) -> None:
    palette = _palette(theme)
    for name, (on_surface, on_bg) in (DARK if theme == "dark" else LIGHT).items():
        assert _near(_contrast(palette[name], palette["surface"]), on_surface), name
        if on_bg is not None:
            assert _near(_contrast(palette[name], palette["bg"]), on_bg), name


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_states_have_the_stated_contrast_on_surface_and_their_own_background(theme: str) -> None:
    palette = _palette(theme)
    for name, (on_surface, on_own) in (DARK_STATES if theme == "dark" else LIGHT_STATES).items():
        assert _near(_contrast(palette[name], palette["surface"]), on_surface), name
        assert _near(_contrast(palette[name], palette[f"{name}-bg"]), on_own), name


@pytest.mark.parametrize(("theme", "stated"), [("dark", 8.9), ("light", 6.2)])
def test_primary_buttons_are_readable(theme: str, stated: float) -> None:
    palette = _palette(theme)
    assert _near(_contrast(palette["on-accent"], palette["accent"]), stated)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_count_of_alerts_is_readable_in_the_colour_of_the_worst(theme: str) -> None:
    palette = _palette(theme)
    for name in ("crit", "warn", "info", "text-3"):
        assert _contrast(palette["on-count"], palette[name]) >= 4.5, name


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_ten_categories_have_the_stated_contrast(theme: str) -> None:
    palette = _palette(theme)
    for number, stated in enumerate(DARK_CATEGORIES if theme == "dark" else LIGHT_CATEGORIES, start=1):
        assert _near(_contrast(palette[f"c{number}"], palette["surface"]), stated), f"c{number}"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_texts_reach_aa_everywhere_and_graphics_three_to_one(theme: str) -> None:
    palette = _palette(theme)
    for name in TEXTS:
        for ground in ("surface", "bg", "raised"):
            assert _contrast(palette[name], palette[ground]) >= 4.5, f"{name} on {ground}"
    for number in range(1, 11):
        assert _contrast(palette[f"c{number}"], palette["surface"]) >= 2.95, f"c{number}"


def test_light_overrides_every_colour_that_dark_has() -> None:
    assert set(_tokens(':root[data-theme="light"]')) == set(_tokens(":root"))


def _contrast_block(theme: str) -> dict[str, str]:
    """The tokens of a theme where a person asks for more contrast."""
    media = re.search(r"@media \(prefers-contrast: more\) \{(.*?)\n\}", CSS.read_text(), flags=re.S)
    assert media is not None
    blocks = dict(re.findall(r"(:root[^{]*?) \{(.*?)\}", media[1], flags=re.S))
    lifted = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", blocks[":root"]))
    if theme == "light":
        lifted |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", blocks[':root[data-theme="light"]']))
    return _palette(theme) | lifted


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_more_contrast_lifts_edges_to_three_to_one_and_notes_to_body_text(theme: str) -> None:
    palette = _contrast_block(theme)
    assert _contrast(palette["line-2"], palette["surface"]) >= 3
    assert palette["text-3"] == palette["text-2"]
