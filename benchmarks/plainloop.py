"""The SSD chain as a plain loop over OpenCV, in one thread: what zoo_lab's chain is measured against.

Written as a script that wants to be fast would be: no objects, no seeds per image, no boxes, no checks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

MEANS = (104, 117, 123)


def run(paths: Iterable[str], seed: int = 0) -> dict[str, float]:
    """Decode and augment every file; return how many and the seconds that it took."""
    cv2.setNumThreads(1)
    random.seed(seed)
    count, begin = 0, time.perf_counter()
    for path in paths:
        augmented(cv2.imdecode(np.frombuffer(Path(path).read_bytes(), np.uint8), cv2.IMREAD_COLOR))
        count += 1
    return {"images": count, "seconds": time.perf_counter() - begin}


def augmented(image: np.ndarray) -> np.ndarray:
    """Return the picture with SSD's colour jitter, expansion, 300 × 300 pixels, and a flip half the time."""
    image = jittered(image)
    if random.random() < 0.5:
        image = expanded(image)
    image = cv2.resize(image, (300, 300), interpolation=cv2.INTER_LINEAR)
    return cv2.flip(image, 1) if random.random() < 0.5 else image


def jittered(image: np.ndarray) -> np.ndarray:
    """Return the picture with brightness, contrast, saturation and hue changed, each half the time."""
    contrast_first = random.random() < 0.5
    if random.random() < 0.5:
        image = cv2.add(image, (random.uniform(-32, 32),) * 3)
    if contrast_first:
        image = contrasted(image)
    if random.random() < 0.5:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        hsv[:, :, 1] = cv2.multiply(hsv[:, :, 1], random.uniform(0.5, 1.5)).reshape(hsv.shape[:2])
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    if random.random() < 0.5:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        turned = (np.arange(256) + round(random.uniform(-18, 18))) % 180
        hsv[:, :, 0] = cv2.LUT(hsv[:, :, 0], turned.astype(np.uint8))
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    return image if contrast_first else contrasted(image)


def contrasted(image: np.ndarray) -> np.ndarray:
    """Return the picture multiplied by a factor half the time."""
    return cv2.convertScaleAbs(image, alpha=random.uniform(0.5, 1.5)) if random.random() < 0.5 else image


def expanded(image: np.ndarray) -> np.ndarray:
    """Return the picture at some place of a canvas up to four times as wide and high."""
    height, width = image.shape[:2]
    ratio = random.uniform(1, 4)
    top, left = (int(random.random() * (ratio - 1) * side) for side in (height, width))
    bottom, right = int(height * ratio) - height - top, int(width * ratio) - width - left
    return cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=MEANS)


def chain() -> Any:
    """Return the same as a chain of zoo_lab."""
    from zoo_lab.feature.image import (
        ChainedPreprocessing,
        ImageColorJitter,
        ImageExpand,
        ImageHFlip,
        ImageRandomPreprocessing,
        ImageResize,
    )

    return ChainedPreprocessing(
        [
            ImageColorJitter(),
            ImageRandomPreprocessing(ImageExpand(), 0.5),
            ImageResize(300, 300),
            ImageRandomPreprocessing(ImageHFlip(), 0.5),
        ]
    )
