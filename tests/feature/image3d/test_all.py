"""Every step over volumes passes the battery, also those written later."""

from __future__ import annotations

import doctest
import importlib
import inspect

import numpy as np
import pytest

import zoo_lab.feature.image3d as package
from tests.feature.image3d.battery import check_channels, check_transform
from zoo_lab.feature.image3d import AffineTransform3D, CenterCrop3D, Crop3D, RandomCrop3D, Rotate3D, Warp3D
from zoo_lab.feature.preprocessing import Preprocessing

STEPS = [
    AffineTransform3D(np.diag([1, 1.1, 0.9]), (0.5, 0, -1)),
    AffineTransform3D(np.eye(3), (1, 1, 1), "padding", -1, interpolation="nearest"),
    CenterCrop3D(2, 3, 4),
    Crop3D((1, 2, 3), (2, 3, 4)),
    Crop3D((1, 2, 3), (2, 3, 4), one_based_start=True),
    RandomCrop3D(2, 3, 4),
    Rotate3D([0.3, -0.2, 1.1]),
    Warp3D(np.random.default_rng(0).normal(size=(3, 6, 7, 8))),
    Warp3D(np.full((3, 2, 3, 4), 2.5), offset=False),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: repr(step)[:60])
def test_a_step_passes_the_battery(step):
    check_transform(step)
    check_channels(step)


def test_every_public_step_is_in_the_battery():
    public = {name: getattr(package, name) for name in package.__all__}
    steps = {name for name, value in public.items() if inspect.isclass(value) and not inspect.isabstract(value)}
    assert steps == {type(step).__name__ for step in STEPS}


def test_every_step_of_the_package_is_public():
    names = ["base", "crops", "warps"]
    modules = [importlib.import_module(f"zoo_lab.feature.image3d.{name}") for name in names]
    found = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Preprocessing) and not inspect.isabstract(value)
    }
    assert found <= set(package.__all__)


@pytest.mark.parametrize("name", ["base", "crops", "sampling", "volumes", "warps"])
def test_the_examples_run(name):
    assert doctest.testmod(importlib.import_module(f"zoo_lab.feature.image3d.{name}")).failed == 0
