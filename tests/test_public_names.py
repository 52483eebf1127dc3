"""The names that zoo_lab offers, listed once."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import zoo_lab

NAMES = [
    "FeatureSet",
    "NNContext",
    "Run",
    "ZooLabError",
    "__version__",
    "evaluate",
    "fit",
    "init_nncontext",
    "predict",
]
OFFERED = [name for name in NAMES if name != "__version__"]


def test_these_are_the_public_names_sorted():
    assert zoo_lab.__all__ == NAMES == sorted(NAMES)
    assert dir(zoo_lab) == NAMES


@pytest.mark.parametrize("name", OFFERED)
def test_a_public_name_loads_and_is_documented(name):
    assert inspect.getdoc(getattr(zoo_lab, name))


@pytest.mark.parametrize("name", ["evaluate", "fit", "init_nncontext", "predict"])
def test_every_argument_of_a_public_function_is_documented(name):
    function = getattr(zoo_lab, name)
    text = inspect.getdoc(function)
    assert [argument for argument in inspect.signature(function).parameters if argument not in text] == []
    assert "Example" in text


@pytest.mark.parametrize("name", ["FeatureSet", "NNContext", "Run"])
def test_every_public_method_is_documented(name):
    members = vars(getattr(zoo_lab, name)).items()
    public = [(key, value) for key, value in members if not key.startswith("_")]
    methods = [(key, value) for key, value in public if callable(value) or isinstance(value, (property, classmethod))]
    assert [key for key, value in methods if not inspect.getdoc(value)] == []


@pytest.mark.parametrize("package", ["infer", "net", "serving"])
def test_the_names_of_inference_load_and_are_documented_with_every_method(package):
    module = importlib.import_module(f"zoo_lab.{package}")
    for name in module.__all__:
        thing = getattr(module, name)
        assert inspect.getdoc(thing)
        if inspect.isclass(thing):
            methods = [value for key, value in vars(thing).items() if not key.startswith("_") and callable(value)]
            assert [method for method in methods if not inspect.getdoc(method)] == []


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'fitt'"):
        zoo_lab.fitt  # noqa: B018


def test_a_star_import_brings_the_public_names():
    code = "from zoo_lab import *; print(*sorted(name for name in dir() if name[0] != '_'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(OFFERED)
