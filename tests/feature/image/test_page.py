"""docs/images.md against the code: every step is in its tables, with the arguments and defaults that it has."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import zoo_lab.feature.image as package
from tests.feature.image.battery import MOVING, NO_STEPS
from zoo_lab.feature.image import CutMix, ImagePreprocessing, MixUp, RandomImagePreprocessing, RowToImageFeature

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "images.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"`(\w+)\((.*?)\)`", PAGE))
MARKS = dict(re.findall(r"^\| `(\w+)\(.*\)` \| [^|]* \|(?: ([^|]*))? \|$", PAGE, re.MULTILINE))


def steps() -> dict[str, type]:
    offered = {name: getattr(package, name) for name in package.__all__}
    classes = {name: one for name, one in offered.items() if isinstance(one, type)}
    found = {name: one for name, one in classes.items() if issubclass(one, ImagePreprocessing) and one not in NO_STEPS}
    return found | {one.__name__: one for one in (RowToImageFeature, MixUp, CutMix)}


def test_every_step_is_in_the_tables():
    assert set(steps()) <= set(SHOWN)


@pytest.mark.parametrize("name", sorted(steps()))
def test_the_arguments_and_defaults_are_those_of_the_code(name):
    shown = eval(f"lambda {SHOWN[name]}: None")
    parameters = inspect.signature(steps()[name]).parameters
    expected = {key: parameter.default for key, parameter in parameters.items()}
    assert {key: parameter.default for key, parameter in inspect.signature(shown).parameters.items()} == expected


@pytest.mark.parametrize("name", sorted(MARKS))
def test_the_marks_tell_what_boxes_follow_and_what_draws(name):
    moves = name in {type(step).__name__ for step in MOVING} | {"ImageRandAugment"}
    draws = issubclass(steps()[name], RandomImagePreprocessing)
    assert MARKS[name] == ", ".join(["boxes"] * moves + ["chance"] * draws)
