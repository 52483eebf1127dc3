"""Whether a part of the page can be read, and used without eyes or a mouse, in each of JupyterLab's themes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator

from tests.browser.axe import violations
from tests.browser.contrast import worst_contrast
from tests.browser.page import LabPage

THEMES = ("Light", "Dark", "Dark High Contrast")
_WCAG_AA = 4.5


def check_themes(
    lab: LabPage,
    part: Locator,
    selector: str,
    picture: str,
    themes: tuple[str, ...] = THEMES,
    prepare: Callable[[], object] = lambda: None,
) -> None:
    """Check `part`, which is what `selector` finds, in each theme; it is as `picture`_<theme> among the artefacts.

    `prepare` is called in each theme before that. The page is left in the light theme.
    """
    for theme in themes:
        lab.use_theme(f"JupyterLab {theme}")
        prepare()
        lab.picture(f"{picture}_{theme.replace(' ', '_').lower()}", part)
        check_here(lab, part, selector)
    lab.use_theme("JupyterLab Light")


def check_here(lab: LabPage, part: Locator, selector: str) -> None:
    """Check `part`, which is what `selector` finds, in the theme that is on."""
    ratio, text = worst_contrast(part)
    assert ratio >= _WCAG_AA, text
    assert violations(lab.page, selector) == []
