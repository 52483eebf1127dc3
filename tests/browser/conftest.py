from __future__ import annotations

from tests.browser.lab import chromium, hub, jupyterlab, lab

__all__ = ["chromium", "hub", "jupyterlab", "lab"]
