"""Mixes the images of a batch, and their labels with them. Arrays in, new arrays out. Runs inside Spark executors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.arguments import number
from zoo_lab.feature.image.draws import Draw, Drawn
from zoo_lab.feature.preprocessing import BatchPreprocessing


@dataclass(frozen=True)
class MixUp(BatchPreprocessing):
    """Blends each image of a batch with another one of it, and their labels in the same ratio.

    Args:
        alpha: of the Beta distribution that the ratio is drawn from, above 0; small = mostly one of the two.
        num_classes: how many classes labels that are whole numbers stand for; None if the labels are given per class.

    Raises `ArgumentError` listing the wrong arguments.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization (2017).

    Example:
        >>> images, labels = np.zeros((4, 8, 8, 3), np.float32), np.array([0, 1, 2, 0])
        >>> mixed, mixed_labels = MixUp(num_classes=3)(images, labels, seed=1)
        >>> mixed.shape, mixed_labels.sum(axis=1).tolist()
        ((4, 8, 8, 3), [1.0, 1.0, 1.0, 1.0])
    """

    alpha: float = 0.2
    num_classes: int | None = None

    def __post_init__(self) -> None:
        _check("MixUp", self.alpha, self.num_classes)

    def __call__(
        self, images: np.ndarray, labels: np.ndarray, *, seed: int = 0, epoch: int = 0, batch: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mixed images, float32, and labels (n, classes), float32.

        Args:
            images: (n, height, width, channels), or any other layout of n images.
            labels: (n,) whole numbers from 0, or (n, classes).
            seed: of the run.
            epoch: counted from 0.
            batch: number of the batch in its epoch; the three together decide what is drawn.

        Raises `DataError` for arrays that do not fit each other or `num_classes`.
        """
        return self.apply(images, labels, self.drawn(images, seed=seed, epoch=epoch, batch=batch))

    def drawn(self, inputs: np.ndarray, *, seed: int, epoch: int, batch: int) -> Drawn:
        """Return what a batch draws; of its images only the shape counts."""
        return self.draw(_generator("MixUp", seed, epoch, batch), inputs)

    def draw(self, generator: np.random.Generator, images: np.ndarray) -> Drawn:
        """Return the part that each image keeps, and whom each is mixed with."""
        return {"kept": float(generator.beta(self.alpha, self.alpha)), "partners": _partners(generator, images)}

    def apply(self, images: np.ndarray, labels: np.ndarray, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
        """Mix a batch so."""
        shares = shares_of(images, labels, self.num_classes, "MixUp")
        return _blended(np.asarray(images, np.float32), drawn), _blended(shares, drawn)

    def unmixed(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the images as float32, and their labels per class."""
        return np.asarray(inputs, np.float32), shares_of(inputs, targets, self.num_classes, "MixUp")


@dataclass(frozen=True)
class CutMix(BatchPreprocessing):
    """Puts a rectangle of another image of the batch into each image, and mixes the labels by the areas.

    Args:
        alpha: of the Beta distribution that the area left is drawn from, above 0; 1 = every area as likely.
        num_classes: how many classes labels that are whole numbers stand for; None if the labels are given per class.

    Raises `ArgumentError` listing the wrong arguments.

    Source: Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers (2019).

    Example:
        >>> images, labels = np.zeros((4, 8, 8, 3), np.uint8), np.array([0, 1, 2, 0])
        >>> mixed, mixed_labels = CutMix(num_classes=3)(images, labels, seed=1)
        >>> mixed.dtype.name, mixed_labels.shape
        ('uint8', (4, 3))
    """

    alpha: float = 1.0
    num_classes: int | None = None

    def __post_init__(self) -> None:
        _check("CutMix", self.alpha, self.num_classes)

    def __call__(
        self, images: np.ndarray, labels: np.ndarray, *, seed: int = 0, epoch: int = 0, batch: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mixed images, of their own type, and labels (n, classes), float32.

        Args:
            images: (n, height, width, channels).
            labels: (n,) whole numbers from 0, or (n, classes).
            seed: of the run.
            epoch: counted from 0.
            batch: number of the batch in its epoch; the three together decide what is drawn.

        Raises `DataError` for arrays that do not fit each other or `num_classes`.
        """
        return self.apply(images, labels, self.drawn(images, seed=seed, epoch=epoch, batch=batch))

    def drawn(self, inputs: np.ndarray, *, seed: int, epoch: int, batch: int) -> Drawn:
        """Return what a batch draws; of its images only the shape counts."""
        return self.draw(_generator("CutMix", seed, epoch, batch), inputs)

    def draw(self, generator: np.random.Generator, images: np.ndarray) -> Drawn:
        """Return the rectangle x1, y1, x2, y2, the part that each image keeps, and whom each is mixed with."""
        height, width = images.shape[1:3]
        side = math.sqrt(1 - generator.beta(self.alpha, self.alpha))
        x, y = generator.integers([width, height]).tolist()
        half_width, half_height = round(side * width / 2), round(side * height / 2)
        x1, x2 = max(0, x - half_width), min(width, x + half_width)
        y1, y2 = max(0, y - half_height), min(height, y + half_height)
        kept = 1 - (x2 - x1) * (y2 - y1) / (width * height)
        return {"rectangle": (x1, y1, x2, y2), "kept": kept, "partners": _partners(generator, images)}

    def apply(self, images: np.ndarray, labels: np.ndarray, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
        """Mix a batch so."""
        shares = shares_of(images, labels, self.num_classes, "CutMix")
        mixed, (x1, y1, x2, y2) = np.array(images), drawn["rectangle"]
        mixed[:, y1:y2, x1:x2] = np.asarray(images)[list(drawn["partners"]), y1:y2, x1:x2]
        return mixed, _blended(shares, drawn)

    def unmixed(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the images as they are, and their labels per class."""
        return np.asarray(inputs), shares_of(inputs, targets, self.num_classes, "CutMix")


def shares_of(images: np.ndarray, labels: np.ndarray, num_classes: int | None, step: str) -> np.ndarray:
    """Return the labels per class, (n, classes) float32.

    Raises `DataError` for labels of another length, without a number of classes, or beyond it.
    """
    labels = np.asarray(labels)
    if len(labels) != len(images):
        msg = f"{step}: expected as many labels as images, {len(images)}; received {len(labels)}."
        raise DataError(msg)
    if labels.ndim == 2 and labels.shape[1] > 1:
        return labels.astype(np.float32)
    numbers = labels.reshape(-1)
    fits = num_classes is not None and numbers.size and numbers.min() >= 0 and numbers.max() < num_classes
    if not fits:
        msg = (
            f"{step}: expected labels (n, classes), or whole numbers from 0 below num_classes={num_classes}; "
            f"received {np.unique(numbers)[:5].tolist()}. Set num_classes."
        )
        raise DataError(msg)
    return np.eye(num_classes, dtype=np.float32)[numbers.astype(np.int64)]


def _check(step: str, alpha: float, num_classes: int | None) -> None:
    checks = Checks(step)
    number(checks, "alpha", alpha, 1e-6)
    if num_classes is not None:
        checks.positive_int("num_classes", num_classes)
    checks.done()


def _generator(step: str, seed: int, epoch: int, batch: int) -> np.random.Generator:
    return Draw(seed, epoch).generator(str(batch), step, 0)


def _partners(generator: np.random.Generator, images: np.ndarray) -> tuple[int, ...]:
    return tuple(generator.permutation(len(images)).tolist())


def _blended(values: np.ndarray, drawn: Drawn) -> np.ndarray:
    kept = np.float32(drawn["kept"])
    return values * kept + values[list(drawn["partners"])] * (1 - kept)
