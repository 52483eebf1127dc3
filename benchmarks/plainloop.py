"""The SSD chain as a plain loop over OpenCV, in one thread: what zoo_lab's chain is measured against.

Written as a script that wants to be fast would be: no objects, no seeds per image, no boxes, no checks. Several such
loops at once, each in a process of its own, show what the machine itself leaves of each.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
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


class Loops:
    """Some loops at once over equal shares of the files, in processes that wait until they are told to begin."""

    def __init__(self, paths: Sequence[str], count: int) -> None:
        self._paths = paths
        command = [sys.executable, "-m", "benchmarks.plainloop"]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        folder = Path(__file__).resolve().parents[1]
        self._processes = [subprocess.Popen(command, cwd=folder, **pipes) for _ in range(count)]

    def run(self, seed: int) -> dict[str, float]:
        """Return what `run` does, for all loops together."""
        count, begin = len(self._processes), time.perf_counter()
        for number, process in enumerate(self._processes):
            process.stdin.write(json.dumps([self._paths[number::count], seed]) + "\n")
            process.stdin.flush()
        done = [json.loads(process.stdout.readline()) for process in self._processes]
        return {"images": sum(each["images"] for each in done), "seconds": time.perf_counter() - begin}

    def __enter__(self) -> Loops:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes:
            process.communicate()


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


def main() -> None:
    """Run the loop over the files of each line that comes in, and write what it took."""
    for line in sys.stdin:
        print(json.dumps(run(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
