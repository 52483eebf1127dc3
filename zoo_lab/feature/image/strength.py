"""How far random steps draw at another strength: 0 leaves pictures nearly alone, 1 is as the steps say, 2 twice as far.

A step's own arguments give its numbers at strength 1; at another one it draws as if its arguments lay nearer to, or
further from, those that change nothing. The same chance is drawn at any strength, so that one picture moves the same
way, only less or more. Runs inside Spark executors.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from zoo_lab.feature.preprocessing import Preprocessing, steps_of

MOST = 10.0
Scaled = Callable[[float, float], float]


def _times(least: float = -math.inf, most: float = math.inf) -> Scaled:
    """A number that changes nothing at 0."""
    return lambda value, strength: min(max(value * strength, least), most)


def _around_one(least: float = 0.0, most: float = math.inf) -> Scaled:
    """A factor that changes nothing at 1."""
    return lambda value, strength: min(max(1 + (value - 1) * strength, least), most)


def _power(value: float, strength: float) -> float:
    """A ratio of sides, of which 2 and 1/2 are equally far from 1."""
    return value**strength


_FACTOR, _ANY, _SHARE = _around_one(), _times(), _around_one(1e-6, 1)
_RULES: Mapping[str, Mapping[str, Scaled]] = {
    "Contrast": {"delta_low": _FACTOR, "delta_high": _FACTOR},
    "ImageBrightness": {"delta_low": _ANY, "delta_high": _ANY},
    "ImageColorJitter": {
        "brightness_delta": _ANY,
        "hue_delta": _ANY,
        **dict.fromkeys(("contrast_lower", "contrast_upper", "saturation_lower", "saturation_upper"), _FACTOR),
    },
    "ImageCutout": {"size_low": _times(1e-6, 1), "size_high": _times(1e-6, 1)},
    "ImageExpand": {"min_expand_ratio": _around_one(1), "max_expand_ratio": _around_one(1)},
    "ImageGaussianBlur": {"sigma_low": _times(1e-3), "sigma_high": _times(1e-3)},
    "ImageGaussianNoise": {"std_low": _ANY, "std_high": _ANY},
    "ImageHue": {"delta_low": _ANY, "delta_high": _ANY},
    "ImageRandAugment": {"magnitude": _times(0, 30)},
    "ImageRandomAffine": {
        "degrees": _ANY,
        "translate": _times(0, 1),
        "scale_low": _around_one(1e-3),
        "scale_high": _around_one(1e-3),
        "shear": _times(0, 89),
    },
    "ImageRandomPerspective": {"distortion": _times(0, 0.99)},
    "ImageRandomPreprocessing": {"prob": _times(0, 1)},
    "ImageRandomResizedCrop": {"scale_low": _SHARE, "scale_high": _SHARE, "ratio_low": _power, "ratio_high": _power},
    "ImageRandomRotation": {"degrees_low": _ANY, "degrees_high": _ANY},
    "ImageSaturation": {"delta_low": _FACTOR, "delta_high": _FACTOR},
    "RandomAlterAspect": {"min_area_ratio": _SHARE, "max_area_ratio": _SHARE, "min_aspect_ratio_change": _SHARE},
}


def at_strength(step: Any, strength: float) -> Any:
    """Return a random step as it draws at this strength; itself at 1, and where it has no strength.

    Args:
        step: one step, not a chain.
        strength: from 0 to 10.

    Example:
        >>> from zoo_lab.feature.image import ImageRandomRotation
        >>> at_strength(ImageRandomRotation(-20, 20), 0.5)
        ImageRandomRotation(-10.0, 10.0)
    """
    if strength == 1 or not has_strength(step):
        return step
    try:
        return _scaled(step, strength)
    except TypeError:  # an argument without a hash
        return _scaled.__wrapped__(step, strength)


def has_strength(step: Any) -> bool:
    """Tell whether a step draws less far at a lower strength."""
    return type(step).__name__ in _RULES and type(step).__module__.startswith("zoo_lab.")


def random_steps(steps: Iterable[Preprocessing]) -> Iterator[Any]:
    """Yield the steps that depend on chance, those within others too."""
    for step in (one for whole in steps for one in steps_of(whole)):
        if step.by_chance:
            yield step
        inner = getattr(step, "preprocessing", None)
        if isinstance(inner, Preprocessing):
            yield from random_steps([inner])


@functools.lru_cache(maxsize=256)
def _scaled(step: Any, strength: float) -> Any:
    rules = _RULES[type(step).__name__]
    return dataclasses.replace(step, **{name: rule(getattr(step, name), strength) for name, rule in rules.items()})
