"""Looks closer at a batch that was not applied: which rows hold what is not finite, each row's own loss, and how the worst
of them look. Runs inside Spark executors."""

from __future__ import annotations

import base64
import math
import socket
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.feature.structure import leaves, map_leaves
from zoo_lab.train.setup import Order

MOST_LOSSES = 512
_SHOWN = 4
_VALUES = 6
_SIDE = 64


@dataclass(frozen=True)
class Examined:
    """What a worker found in its part of a batch.

    Attributes:
        worker, host: its number, and where it runs.
        rows: of its part.
        problems: sentences on fields that hold NaN or infinity.
        wrong: the rows that do.
        losses: of each row by itself, NaN beyond the first 512.
        shown: the worst rows as plain values: row, loss, inputs, targets and perhaps a picture, PNG in base64.
    """

    worker: int
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    problems: tuple[str, ...] = ()
    wrong: tuple[int, ...] = ()
    losses: np.ndarray = field(default_factory=lambda: np.empty(0))
    shown: tuple[dict[str, Any], ...] = ()
    host: str = field(default_factory=socket.gethostname)


@dataclass(frozen=True)
class Examine:
    """The function of the job.

    Attributes:
        order: the batch.
        message: a broadcast of the flat (weights, state) that the batch was computed with.
        shows: whether rows are brought back to be seen.
    """

    order: Order
    message: Any
    shows: bool = True

    def __call__(self, replica: Any, index: int, handles: tuple[ShardHandle, ...]) -> Examined:
        """Return what there is to say of this worker's part."""
        feed = replica.feed(replica.setup.data, handles)
        part = replica.part_of(self.order.iteration, self.order.rows, index, feed).at(self.order.strength)
        if not len(part.rows):
            return Examined(index)
        data, rows = feed.read(part), part.rows
        problems, wrong = _not_finite(data, rows)
        losses = np.full(len(rows), np.nan)
        if self.shows or not wrong:
            losses = self._losses(replica, data, len(rows))
        shown = ()
        if self.shows:
            worst = sorted(range(len(rows)), key=lambda at: _badness(int(rows[at]) in wrong, losses[at]))[:_SHOWN]
            shown = tuple(_shown(replica.setup.data.structure, data, at, int(rows[at]), losses[at]) for at in worst)
        return Examined(index, rows, tuple(problems), tuple(sorted(wrong)), losses, shown)

    def _losses(self, replica: Any, data: dict[str, np.ndarray], count: int) -> np.ndarray:
        """Return each row's own loss, as evaluation computes it."""
        replica.load(*self.message.value)
        setup, losses = replica.setup.data, np.full(count, np.nan)
        place = _place_of_loss(replica.model)
        for row in range(min(count, MOST_LOSSES) if place is not None else 0):
            one = {name: values[row : row + 1] for name, values in data.items()}
            losses[row] = replica.evaluate(setup, one)[place]
        return losses


def _not_finite(data: dict[str, np.ndarray], rows: np.ndarray) -> tuple[list[str], set[int]]:
    problems, wrong = [], set()
    for name, values in data.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            bad = sorted(rows[~np.isfinite(values).reshape(len(rows), -1).all(1)].tolist())
            problems.append(f"{name!r} holds NaN or infinity in rows {', '.join(map(str, bad[:5]))}")
            wrong.update(bad)
    return problems, wrong


def _badness(wrong: bool, loss: float) -> tuple[bool, bool, float]:
    finite = math.isfinite(loss)
    return not wrong, finite, -loss if finite else 0.0


def _place_of_loss(model: Any) -> int | None:
    """Return where the total of the loss lies among the flat metric variables."""
    place = 0
    for metric in model.metrics:
        if metric.name == "loss":
            return place
        place += sum(int(np.prod(variable.shape)) for variable in metric.variables)
    return None


def _shown(structure: Any, data: dict[str, np.ndarray], at: int, row: int, loss: float) -> dict[str, Any]:
    def texts(nest: Any) -> str:
        found: list[str] = []
        map_leaves(lambda name: found.append(brief(data[name][at])), nest)
        return "; ".join(found)

    first = data[leaves(structure.x)[0]][at]
    picture = thumbnail(first)
    inputs = "" if picture else texts(structure.x)
    return {"row": row, "loss": float(loss), "inputs": inputs, "targets": texts(structure.y), "picture": picture}


def brief(value: Any) -> str:
    """Return a value in a few words: its first numbers, and how many more there are.

    Example:
        >>> brief(np.array([0.5, np.nan])), brief(np.int64(3))
        ('0.5, nan', '3')
    """
    if isinstance(value, (bytes, str)):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return text if len(text) <= 60 else f"{text[:59]}…"
    flat = np.ravel(value)
    words = ", ".join(f"{float(number):.4g}" for number in flat[:_VALUES])
    return words if flat.size <= _VALUES else f"{words}, … ({flat.size:,} values)"


def is_picture(value: Any) -> bool:
    """Tell whether an array looks like a picture: (height, width, 1 or 3) of numbers."""
    array = np.asarray(value)
    return array.ndim == 3 and array.shape[2] in (1, 3) and min(array.shape[:2]) >= 8 and array.dtype.kind in "uif"


def thumbnail(value: Any, side: int = _SIDE) -> str:
    """Return a small PNG in base64 of what looks like a picture, at most `side` pixels long; "" for anything else."""
    import cv2

    array = np.asarray(value)
    if not is_picture(array):
        return ""
    if array.dtype != np.uint8:
        array = _as_bytes(array)
    ratio = side / max(array.shape[:2])
    if ratio < 1:
        size = [max(1, round(length * ratio)) for length in array.shape[1::-1]]
        array = cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    if array.ndim == 3 and array.shape[2] == 3:
        array = array[:, :, ::-1]  # the first channel is red for most models
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(array))
    return base64.b64encode(encoded.tobytes()).decode() if done else ""


def _as_bytes(array: np.ndarray) -> np.ndarray:
    finite = np.where(np.isfinite(array), array, 0.0).astype(np.float64)
    low, high = finite.min(), finite.max()
    if low >= 0 and high <= 255:
        low, high = 0.0, 1.0 if high <= 1 else 255.0
    return np.clip((finite - low) * (255 / max(high - low, 1e-12)), 0, 255).astype(np.uint8)
