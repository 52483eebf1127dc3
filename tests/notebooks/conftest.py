from __future__ import annotations

import os

import pytest

from tests.notebooks.execute import ROOT


@pytest.fixture(autouse=True, scope="session")
def this_tree() -> None:
    """Let kernels import zoo_lab from this tree."""
    known = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), known]))
    yield
    os.environ["PYTHONPATH"] = known
