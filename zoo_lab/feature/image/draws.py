"""Where the random numbers of an image come from: the same for one seed, epoch and image, whatever the partitioning.

Runs inside Spark executors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

Drawn = Mapping[str, Any]
"""What one random step drew for one image: name → number, word or tuple of them."""


@dataclass(frozen=True)
class Draw:
    """What the random steps of one image draw from.

    Args:
        seed: of the run; 0 if none is given, so that a chain without a seed gives the same pictures each time.
        epoch: counted from 0; another epoch draws anew.
        key: what the image is known by; empty = its uri, and for an image without one its pixels.
        script: earlier draws to repeat instead of drawing; None = draw.
        strength: how far steps draw, see strength.py; 1 = as their arguments say.

    Example:
        >>> Draw(seed=1).generator("dogs/1.jpg", "ImageExpand", 0).integers(10, size=3).shape
        (3,)
    """

    seed: int = 0
    epoch: int = 0
    key: str = ""
    script: tuple[tuple[str, Drawn], ...] | None = None
    strength: float = 1.0

    def generator(self, key: str, step: str, count: int) -> np.random.Generator:
        """Return the numbers of one step for one image.

        Args:
            key: what the image is known by.
            step: the name of the step.
            count: how many steps of that name drew before it in the chain. Counting by name keeps the numbers of
                the other steps when one of another kind is added, removed or switched off.
        """
        words = "\x1f".join([str(int(self.seed)), str(int(self.epoch)), step, str(count), key])
        digest = hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        return np.random.Generator(np.random.PCG64(_Digest(digest)))


class _Digest(ISeedSequence):
    """Hands a digest over as the state of a generator: it is mixed well already, and mixing again takes three times
    as long as all the rest."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        """Return the digest as `n_words` numbers; PCG64 takes four of 64 bits, which are all of it."""
        return np.frombuffer(self._digest, dtype, n_words)


def pixel_key(image: np.ndarray) -> str:
    """Return what an image without a uri is known by: a digest of its pixels."""
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest()
