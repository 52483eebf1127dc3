"""Puts what goes into a model and what comes out into words and pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_THUMBNAIL = 256
_SHOWN = 6


def prediction_text(prediction: Any, labels: Sequence[str] = ()) -> str:
    """Return a prediction in words: of probabilities the largest and its class, else the numbers.

    Example:
        >>> prediction_text([0.1, 0.9], ["cat", "dog"]), prediction_text([0.1, 0.9]), prediction_text(2.5)
        ('dog 90 %', '1 90 %', '2.5')
    """
    if isinstance(prediction, Mapping):
        return ", ".join(f"{name}: {prediction_text(value)}" for name, value in prediction.items())
    as_dict = getattr(prediction, "asDict", None)  # a row of Spark's
    if as_dict is not None:
        return prediction_text(as_dict())
    if isinstance(prediction, (list, tuple)) and any(np.ndim(part) for part in prediction):
        return ", ".join(map(prediction_text, prediction))
    values = np.asarray(prediction)
    if values.ndim == 1 and values.size > 1 and values.dtype.kind == "f":
        best = int(values.argmax())
        word = labels[best] if best < len(labels) else str(best)
        if values.min() >= 0 and abs(float(values.sum()) - 1) < 1e-3:
            return f"{word} {100 * float(values[best]):.0f} %"
        if labels:
            return word
    return value_text(values)


def value_text(value: Any) -> str:
    """Return a value in short: a few numbers, the shape of many, the beginning of a text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, str):
        return value
    values = np.asarray(value.toArray() if type(value).__name__.endswith("Vector") else value)
    if values.dtype.kind not in "biuf":
        return str(value)
    if values.ndim > 1 and values.size > 1:
        return f"{' × '.join(map(str, values.shape))} numbers"
    flat = values.reshape(-1)
    told = ", ".join(f"{number:.4g}" if values.dtype.kind == "f" else str(number) for number in flat[:_SHOWN].tolist())
    return told + (f", … ({flat.size})" if flat.size > _SHOWN else "")


def as_picture(value: Any) -> bytes:
    """Return an image as a PNG: an array (height, width[, channels]) in RGB, or a row of Spark's image type in BGR.

    Returns:
        the bytes of the file; none where the value is no image.
    """
    from PIL import Image

    pixels = _pixels(value)
    if pixels is None:
        return b""
    image = Image.fromarray(pixels)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _pixels(value: Any) -> np.ndarray | None:
    if list(getattr(value, "__fields__", ())) == ["origin", "height", "width", "nChannels", "mode", "data"]:
        flat = np.frombuffer(bytes(value.data), np.uint8)
        if flat.size != value.height * value.width * value.nChannels:
            return None
        array = flat.reshape(value.height, value.width, value.nChannels)
        array = array[..., [2, 1, 0, 3][: value.nChannels]] if value.nChannels > 1 else array
    else:
        array = np.asarray(value) if isinstance(value, (np.ndarray, list)) else np.empty(0)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (3, 4))
    if not fits or min(array.shape[:2]) < 4 or array.dtype.kind not in "biuf":
        return None
    return _bytes(array)


def _bytes(array: np.ndarray) -> np.ndarray:
    """Return values as 0 … 255: those of 0 … 1 are stretched, others that do not fit brought between their ends."""
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    values = np.nan_to_num(array.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 255:
        values = (values - low) * (255 / (high - low))
    elif high <= 1:
        values = values * 255
    return values.round().astype(np.uint8)
