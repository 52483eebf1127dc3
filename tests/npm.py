"""The TypeScript packages that tests use, installed by whichever test process asks first."""

from __future__ import annotations

import fcntl
import tempfile
from pathlib import Path

from hatch_build import run_jlpm

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "labextension" / "node_modules"


def install_packages() -> None:
    """Install what labextension/yarn.lock lists; two processes would write the same files, so each waits its turn."""
    with Path(tempfile.gettempdir(), "zoo_lab-test-packages.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        run_jlpm(ROOT, "install", "--immutable")
