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
        if not _are_installed():
            run_jlpm(ROOT, "install", "--immutable")


def _are_installed() -> bool:
    """Tell whether they were installed since the lists of them changed: asking jlpm takes seconds."""
    written = PACKAGES / ".yarn-state.yml"  # the last thing that an installation writes
    lists = [PACKAGES.parent / name for name in ("package.json", "yarn.lock")]
    return written.is_file() and all(written.stat().st_mtime > each.stat().st_mtime for each in lists)
