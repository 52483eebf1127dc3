"""Single image steps against albumentations, where it is installed: milliseconds an image, in one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.markdown import table

_PICTURES = 40


def compare(folder: Path, turns: int) -> list[dict[str, Any]]:
    """Return a line for each step that both have; none without albumentations.

    Args:
        folder: with the photographs.
        turns: how often both go through them, one after the other.
    """
    try:
        import albumentations
    except ImportError:
        return []
    cv2.setNumThreads(1)
    pictures = [cv2.imread(str(path)) for path in sorted(folder.iterdir())[:_PICTURES]]
    lines = []
    for name, (ours, theirs) in _pairs(albumentations).items():
        own = [(_milliseconds(_ours(ours), pictures), _milliseconds(_theirs(theirs), pictures)) for _ in range(turns)]
        mine, other = (statistics.median(times) for times in zip(*own, strict=True))
        lines.append({"step": name, "zoo_lab": mine, "albumentations": other, "version": albumentations.__version__})
    return lines


def markdown(lines: list[dict[str, Any]]) -> str:
    """Return the table of the steps."""
    if not lines:
        return "albumentations is not installed; single steps were not compared."
    heads = ["step", "zoo_lab ms", f"albumentations {lines[0]['version']} ms", "times as fast"]
    rows = [
        [
            line["step"],
            f"{line['zoo_lab']:.2f}",
            f"{line['albumentations']:.2f}",
            f"{line['albumentations'] / line['zoo_lab']:.2f}",
        ]
        for line in lines
    ]
    return table(heads, rows)


def _pairs(A: Any) -> dict[str, tuple[Any, Any]]:  # noqa: N803 - its usual name
    from zoo_lab.feature import image as z

    return {
        "resize to 300 × 300": (z.ImageResize(300, 300), A.Resize(300, 300)),
        "random crop of 224": (z.ImageRandomCrop(224, 224), A.RandomCrop(224, 224)),
        "random resized crop to 224": (z.ImageRandomResizedCrop(224, 224), A.RandomResizedCrop((224, 224))),
        "left-right flip": (z.ImageHFlip(), A.HorizontalFlip(p=1)),
        "brightness": (z.ImageBrightness(-32, 32), A.RandomBrightnessContrast(0.125, 0, p=1)),
        "contrast": (z.Contrast(0.5, 1.5), A.RandomBrightnessContrast(0, 0.5, p=1)),
        "hue": (z.ImageHue(-18, 18), A.HueSaturationValue(18, 0, 0, p=1)),
        "rotation": (z.ImageRandomRotation(-30, 30), A.Rotate(30, p=1)),
        "affine": (z.ImageRandomAffine(15, 0.1, 0.9, 1.1), A.Affine((0.9, 1.1), (-0.1, 0.1), rotate=(-15, 15), p=1)),
        "perspective": (z.ImageRandomPerspective(0.2), A.Perspective((0.05, 0.1), p=1)),
        "Gaussian blur": (z.ImageGaussianBlur(0.5, 2.0, 7), A.GaussianBlur((7, 7), (0.5, 2.0), p=1)),
        "CLAHE": (z.ImageCLAHE(1.0, 4.0), A.CLAHE((1, 4), p=1)),
        "cutout": (z.ImageCutout(1, 0.1, 0.5), A.CoarseDropout((1, 1), (0.1, 0.5), (0.1, 0.5), p=1)),
        "normalize": (z.ImageChannelNormalize(123, 117, 104, 58, 57, 57), A.Normalize()),
    }


def _ours(step: Any) -> Callable[[int, np.ndarray], Any]:
    from zoo_lab.feature.image import ImageFeature

    return lambda number, picture: step(ImageFeature(uri=str(number), mat=picture))


def _theirs(step: Any) -> Callable[[int, np.ndarray], Any]:
    return lambda _number, picture: step(image=picture)["image"]


def _milliseconds(call: Callable[[int, np.ndarray], Any], pictures: list[np.ndarray]) -> float:
    """Return the processor's time for an image: what else the machine does counts less in it."""
    call(0, pictures[0])
    begin = time.process_time()
    for number, picture in enumerate(pictures):
        call(number, picture)
    return 1000 * (time.process_time() - begin) / len(pictures)
