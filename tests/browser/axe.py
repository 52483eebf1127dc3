"""Asks axe-core what is not accessible in a part of the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.npm import PACKAGES, install_packages

_AXE = PACKAGES / "axe-core" / "axe.min.js"
_RUN = "async selector => (await axe.run(selector, { resultTypes: ['violations'] })).violations"


def violations(page: Page, selector: str) -> list[dict[str, Any]]:
    """Return the rules that what `selector` finds breaks: each its id, what it asks for, and the elements."""
    if not _AXE.is_file():
        install_packages()
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=_AXE)
    found = page.evaluate(_RUN, selector)
    return [
        {"rule": rule["id"], "help": rule["help"], "elements": [node["html"] for node in rule["nodes"]]}
        for rule in found
    ]
