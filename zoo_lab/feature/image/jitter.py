"""The colour jitter of SSD: brightness, contrast, saturation, hue and channel order, each by chance.

Runs inside Spark executors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import number, span
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.hsv import drawn_order, hue_turned, recolored, reordered, saturated
from zoo_lab.feature.image.photometric import brightened, contrasted
from zoo_lab.feature.image.pictures import color_of

STEPS: dict[str, Callable[[np.ndarray, Any], np.ndarray]] = {
    "brightness": brightened,
    "contrast": contrasted,
    "saturation": saturated,
    "hue": hue_turned,
    "channel_order": reordered,
}
CONTRAST_EARLY = tuple(STEPS)
CONTRAST_LATE = ("brightness", "saturation", "hue", "contrast", "channel_order")


@dataclass(frozen=True, repr=False)
class ImageColorJitter(RandomImagePreprocessing):
    """Changes brightness, contrast, saturation, hue and channel order of 8-bit pixels, each by its own chance.

    The order is that of SSD: by a coin, contrast comes second or fourth, and the channel order last. Saturation and hue
    that follow each other are changed in one picture of hues, which rounds once instead of twice.

    Args:
        brightness_prob: chance of `ImageBrightness`.
        brightness_delta: it adds from -delta to delta.
        contrast_prob: chance of `Contrast`.
        contrast_lower: its least factor.
        contrast_upper: its greatest.
        hue_prob: chance of `ImageHue`.
        hue_delta: it turns from -delta to delta, in steps of two degrees.
        saturation_prob: chance of `ImageSaturation`.
        saturation_lower: its least factor.
        saturation_upper: its greatest.
        random_order_prob: chance of `ImageChannelOrder`; it says nothing about the order of the five changes.
        shuffle: whether the five come in any order by chance instead.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for float pixels or other than 1 or 3 channels.

    Source: Liu et al., SSD: Single Shot MultiBox Detector (2016); `ImageColorJitter` of Analytics Zoo.

    Example:
        >>> ImageColorJitter()(np.full((2, 2, 3), 100, np.uint8)).shape
        (2, 2, 3)
    """

    brightness_prob: float = 0.5
    brightness_delta: float = 32.0
    contrast_prob: float = 0.5
    contrast_lower: float = 0.5
    contrast_upper: float = 1.5
    hue_prob: float = 0.5
    hue_delta: float = 18.0
    saturation_prob: float = 0.5
    saturation_lower: float = 0.5
    saturation_upper: float = 1.5
    random_order_prob: float = 0.0
    shuffle: bool = False

    def __post_init__(self) -> None:
        checks = Checks("ImageColorJitter")
        for name in (field.name for field in fields(self)):
            if name.endswith("_prob"):
                number(checks, name, getattr(self, name), 0, 1)
            elif name.endswith("_delta"):
                number(checks, name, getattr(self, name), 0)
        for name in ("contrast", "saturation"):
            names = (f"{name}_lower", f"{name}_upper")
            span(checks, names, *(getattr(self, bound) for bound in names), least=0)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the changes that take place, in their order, and the number of each."""
        *numbers, coin = generator.random(10).tolist()  # at once: each call takes as long as all of them
        happens = {name: u < chance for (name, chance), u in zip(self._chances().items(), numbers[:5], strict=True)}
        values = {name: low + (high - low) * u for (name, low, high), u in zip(self._spans(), numbers[5:], strict=True)}
        if happens["channel_order"]:
            values["channel_order"] = drawn_order(generator)
        order = CONTRAST_EARLY if coin < 0.5 else CONTRAST_LATE
        if self.shuffle:
            order = tuple(np.array(CONTRAST_EARLY)[generator.permutation(5)].tolist())
        return {name: values[name] for name in order if happens[name]}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Make those changes one after another; hue and saturation in one go where nothing comes between them."""
        image = color_of(feature, "ImageColorJitter")
        names = list(drawn)
        while names:
            name = names.pop(0)
            if names and {name, names[0]} == {"saturation", "hue"}:
                image = recolored(image, drawn["saturation"], drawn["hue"])
                names.pop(0)
            else:
                image = STEPS[name](image, drawn[name])
        return feature.with_image(image)

    def _chances(self) -> dict[str, float]:
        return {
            "brightness": self.brightness_prob,
            "contrast": self.contrast_prob,
            "saturation": self.saturation_prob,
            "hue": self.hue_prob,
            "channel_order": self.random_order_prob,
        }

    def _spans(self) -> tuple[tuple[str, float, float], ...]:
        return (
            ("brightness", -self.brightness_delta, self.brightness_delta),
            ("contrast", self.contrast_lower, self.contrast_upper),
            ("saturation", self.saturation_lower, self.saturation_upper),
            ("hue", -self.hue_delta, self.hue_delta),
        )
