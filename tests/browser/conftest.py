from __future__ import annotations

from tests.browser.lab import chromium, jupyterlab, lab

__all__ = ["chromium", "jupyterlab", "lab"]
