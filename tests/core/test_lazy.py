"""Packages list their public names and load them on first use."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from zoo_lab.core.lazy import lazy_names

PACKAGES = ["feature", "infer", "keras", "models", "models.recommendation", "net", "nnframes"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_listed_name_exists(package: str) -> None:
    module = importlib.import_module(f"zoo_lab.{package}")
    assert module.__all__ == sorted(module.__all__) == dir(module)
    for name in module.__all__:
        assert getattr(module, name).__doc__


def test_a_near_miss_is_named() -> None:
    load, _names, everything = lazy_names("somewhere", {"fractions": "fractions", "Fraction": "fractions"})
    assert load("Fraction")(1, 2) == 0.5
    assert everything == ["Fraction", "fractions"]
    with pytest.raises(AttributeError, match="'somewhere' has no attribute 'Fractoin'. Did you mean 'Fraction'"):
        load("Fractoin")


def test_importing_the_packages_loads_nothing_heavy() -> None:
    imports = ", ".join(f"zoo_lab.{package}" for package in PACKAGES)
    code = f"import sys, {imports}; print([name for name in ('keras', 'tensorflow', 'pyspark', 'pandas') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
