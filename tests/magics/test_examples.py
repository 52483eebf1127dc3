from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import zoo_lab.magics

MODULES = [f"zoo_lab.magics.{module.name}" for module in pkgutil.iter_modules(zoo_lab.magics.__path__)]


@pytest.mark.parametrize("name", [*MODULES, "zoo_lab.core.messages"])
def test_the_examples_are_right(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
