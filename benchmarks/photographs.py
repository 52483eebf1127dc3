"""Real-size JPEGs for the image benchmarks: crops of real photographs, made at run time and never kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

LONG, SHORT = 500, (333, 400)
QUALITY = 92


def write_photographs(folder: Path, count: int) -> int:
    """Write `count` JPEGs of 500 pixels on the long side, most of 375 on the short one; return their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    for number, picture in enumerate(photographs(count)):
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        (folder / f"{number:05d}.jpg").write_bytes(data)
        size += len(data)
    return size


def photographs(count: int) -> Iterator[np.ndarray]:
    """Yield pictures, channels B, G, R, each another part of one of the real photographs."""
    sources = _sources()
    generator = np.random.default_rng(0)
    for number in range(count):
        whole = sources[number % len(sources)]
        height, width = whole.shape[:2]
        part = generator.uniform(0.8, 1.0)
        high, wide = int(height * part), int(width * part)
        top, left = generator.integers(0, height - high + 1), generator.integers(0, width - wide + 1)
        short = 375 if number % 3 else int(generator.integers(*SHORT))
        size = (LONG, short) if wide >= high else (short, LONG)
        yield cv2.resize(whole[top : top + high, left : left + wide], size, interpolation=cv2.INTER_AREA)


def _sources() -> list[np.ndarray]:
    """Return the photographs of the test files that are large enough, or else those that scikit-learn brings."""
    folder = Path(os.environ.get("ZOO_LAB_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "images"
    read = (cv2.imread(str(path), cv2.IMREAD_COLOR) for path in sorted(folder.rglob("*.jp*g"), key=str))
    found = [image for image in read if image is not None and min(image.shape[:2]) >= 300]
    if found:
        return found
    from sklearn.datasets import load_sample_images

    return [np.ascontiguousarray(image[:, :, ::-1]) for image in load_sample_images().images]
