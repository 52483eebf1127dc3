"""Makes virtual environments: bare ones, with a package that is none, and with copies of what is installed here."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

SITE_PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def bare_environment(prefix: Path) -> Path:
    """Make a virtual environment with nothing in it, not even pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    return prefix


def add_package(prefix: Path, name: str, version: str) -> None:
    """Put a package into an environment that holds its version and no more."""
    folder = prefix / SITE_PACKAGES
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "__init__.py").write_text(f"__version__ = {version!r}\n")
    (folder / f"{name}-{version}.dist-info").mkdir()


def environment_with(prefix: Path, *names: str) -> Path:
    """Make a virtual environment with these packages of the running one and with what they require."""
    bare_environment(prefix)
    for distribution in required({}, names).values():
        for file in distribution.files or []:
            if ".." not in file.parts:
                _link(Path(distribution.locate_file(file)), prefix / SITE_PACKAGES / file)
    return prefix


def required(
    found: dict[str, importlib.metadata.Distribution], names: tuple[str, ...]
) -> dict[str, importlib.metadata.Distribution]:
    """Return `found` with the distributions called `names` and all that they require, extras left out."""
    for name in names:
        if name not in found:
            found[name] = importlib.metadata.distribution(name)
            required(found, tuple(_requirements(found[name])))
    return found


def _requirements(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for requirement in map(Requirement, distribution.requires or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name.lower().replace("_", "-")


def _link(source: Path, place: Path) -> None:
    if source.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, place)
        except OSError:  # another disk
            shutil.copy2(source, place)
