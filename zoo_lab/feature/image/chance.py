"""The step that leaves it to chance whether another step or chain is applied. Runs inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import number
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.preprocessing import Preprocessing


@dataclass(frozen=True, repr=False)
class ImageRandomPreprocessing(RandomImagePreprocessing):
    """Applies a step, or a chain, to an image with some chance, and leaves the others as they are.

    Args:
        preprocessing: an image step, or a chain of them.
        prob: the chance, from 0 to 1.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ImageRandomPreprocessing` of Analytics Zoo; `RandomTransformer` of BigDL.

    Example:
        >>> ImageRandomPreprocessing(ImageHFlip(), 0.5)
        ImageRandomPreprocessing(ImageHFlip(), 0.5)
    """

    preprocessing: Preprocessing
    prob: float

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomPreprocessing")
        is_step = isinstance(self.preprocessing, Preprocessing)
        received = type(self.preprocessing).__name__
        checks.require(is_step, f"Expected preprocessing to be a step or a chain; received {received}.")
        number(checks, "prob", self.prob, 0, 1)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return whether it is applied."""
        return {"applied": bool(generator.random() < self.prob)}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Apply it, if so; what it draws is noted after this draw."""
        return self.preprocessing(feature) if drawn["applied"] else feature
