"""RandAugment: a few of fourteen changes by chance, all of one strength. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image import enhance
from zoo_lab.feature.image.affine import around_middle, rotation
from zoo_lab.feature.image.arguments import number
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import shift, warped
from zoo_lab.feature.image.pictures import color_of

STRONGEST = 30
LINEAR = 1

MOVES: dict[str, Callable[[ImageFeature, float], np.ndarray]] = {
    "shear_x": lambda _feature, amount: np.array([[1, 0.3 * amount, 0], [0, 1, 0], [0, 0, 1]]),
    "shear_y": lambda _feature, amount: np.array([[1, 0, 0], [0.3 * amount, 1, 0], [0, 0, 1]]),
    "translate_x": lambda feature, amount: shift(150 / 331 * feature.size[1] * amount, 0),
    "translate_y": lambda feature, amount: shift(0, 150 / 331 * feature.size[0] * amount),
    "rotate": lambda feature, amount: around_middle(feature, rotation(30 * amount)),
}
COLORS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "identity": lambda image, _amount: image,
    "brightness": lambda image, amount: enhance.brightness(image, 1 + 0.9 * amount),
    "color": lambda image, amount: enhance.color(image, 1 + 0.9 * amount),
    "contrast": lambda image, amount: enhance.contrast(image, 1 + 0.9 * amount),
    "sharpness": lambda image, amount: enhance.sharpness(image, 1 + 0.9 * amount),
    "posterize": lambda image, amount: enhance.posterize(image, 8 - round(4 * abs(amount))),
    "solarize": lambda image, amount: enhance.solarize(image, 255 * (1 - abs(amount))),
    "autocontrast": lambda image, _amount: enhance.autocontrast(image),
    "equalize": lambda image, _amount: enhance.equalize(image),
}
CHANGES = (*COLORS, *MOVES)


@dataclass(frozen=True, repr=False)
class ImageRandAugment(RandomImagePreprocessing):
    """Makes a few changes drawn for each image, in colour, contrast, sharpness, place and others; boxes follow.

    Args:
        num_ops: how many changes.
        magnitude: how strong, from 0 to 30; the direction of a change is drawn.
        fill: value of what comes in from outside, all channels.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for float pixels or other than 1 or 3 channels.

    Source: Cubuk et al., RandAugment (2019); the changes and strengths are those of `RandAugment` of torchvision.

    Example:
        >>> ImageRandAugment()(np.zeros((30, 40, 3), np.uint8)).shape
        (30, 40, 3)
    """

    num_ops: int = 2
    magnitude: float = 9
    fill: float = 0

    def __post_init__(self) -> None:
        checks = Checks("ImageRandAugment")
        checks.positive_int("num_ops", self.num_ops)
        number(checks, "magnitude", self.magnitude, 0, STRONGEST)
        number(checks, "fill", self.fill)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the changes, each with its amount from -1 to 1."""
        chosen = generator.integers(len(CHANGES), size=self.num_ops)
        amounts = generator.choice([-1.0, 1.0], self.num_ops) * self.magnitude / STRONGEST
        return {"changes": tuple(zip((CHANGES[which] for which in chosen), amounts.tolist(), strict=True))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Make them one after another."""
        for name, amount in drawn["changes"]:
            if name in MOVES:
                feature = warped(feature, MOVES[name](feature, amount), LINEAR, self.fill)
            else:
                feature = feature.with_image(COLORS[name](color_of(feature, "ImageRandAugment"), amount))
        return feature
