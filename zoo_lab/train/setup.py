"""What travels between the driver and the workers of a run: plain records, pickled by Spark itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import FieldSpec, ShardHandle
from zoo_lab.core.report import Frame
from zoo_lab.feature.structure import Structure
from zoo_lab.keras.shipping import ModelPackage
from zoo_lab.train.batches import Schedule
from zoo_lab.train.layout import Layout

MEET, APART, ALONE = "meet", "apart", "alone"


@dataclass(frozen=True)
class DataSetup:
    """A pinned data set as a worker needs it.

    Attributes:
        fields, structure: of what the model takes.
        shard_rows: number of rows of each shard.
        handles: empty where each task brings its own shards.
        stored: the fields that are read from the shards.
        made: the `RowChain` that makes the model's fields of those, pickled with the code of a notebook's own steps;
            empty where they are the same.
    """

    fields: tuple[FieldSpec, ...]
    structure: Structure
    shard_rows: tuple[int, ...]
    handles: tuple[ShardHandle, ...]
    stored: tuple[FieldSpec, ...]
    made: bytes = b""


@dataclass(frozen=True)
class Setup:
    """Everything constant of a run, sent once as a broadcast; `weights` and `state` are flat, in the layout's order.

    `parts` says what the workers' parts of a batch are to each other: MEET, they may exchange values in mid-step;
    APART, they may not, since some may come too late; ALONE, each is a batch of its own. `schedule` is None where
    nothing is trained.
    """

    run: str
    package: ModelPackage
    layout: Layout
    weights: np.ndarray
    state: np.ndarray
    data: DataSetup
    workers: int
    one_host: bool
    seed: int
    threads: int
    exchange_path: str
    class_weight: Mapping[int, float] | None = None
    parts: str = MEET
    schedule: Schedule | None = None


@dataclass(frozen=True)
class Order:
    """What one job asks of the workers: the rows of the batch (or of all data), and where the run stands.

    Attributes:
        pieces: into how many each worker cuts its part, to look at the clock between them.
        limit: seconds after which a worker gives what it has, None lets it finish.
        least: how many rows must arrive for the batch to count.
        arrived: how many rows each worker gave when this was first done: it gives these again.
        strength: how far random steps over the rows draw.
        highest: the highest loss with which the batch is applied.
    """

    iteration: int
    rows: np.ndarray
    batch_size: int = 0
    pieces: int = 1
    limit: float | None = None
    least: int = 0
    arrived: tuple[int, ...] | None = None
    strength: float = 1.0
    highest: float = math.inf

    def accepts(self, loss: float) -> bool:
        """Tell whether the batch is applied with this loss."""
        return math.isfinite(loss) and loss <= self.highest

    def scale(self, arrived: int) -> float:
        """Return by what to multiply sums over the rows that arrived, which were weighted for all rows."""
        return len(self.rows) / arrived if 0 < arrived < len(self.rows) else 1.0

    def again(self, arrived: Sequence[int]) -> Order:
        """Return what asks for this batch once more, with the rows that each worker gave."""
        return self if self.pieces == 1 else replace(self, limit=None, arrived=tuple(arrived))

    def enough(self, arrived: int) -> bool:
        """Tell whether so many rows are enough for the batch to count."""
        return arrived >= self.least


@dataclass(frozen=True)
class Failure:
    """An exception in a task: the user's own lines, all of it as text, in which stage ("data" or "model", "" for neither)
    and of what sample it came.

    `shards` are those whose files the task missed; `gone` tells that it only gave up waiting for another worker.
    """

    kind: str
    message: str
    frames: tuple[Frame, ...]
    traceback: str
    worker: int
    host: str
    sample: str = ""
    stage: str = ""
    shards: tuple[int, ...] = ()
    gone: bool = False


@dataclass(frozen=True)
class Prepared:
    """What a worker found when it built the model; the same for all workers.

    `updated` are the state variables that a step changes, `unconnected` the trainable ones that it gives no
    gradient and `sparse` those whose gradient covers only some rows, all as indices into the layout.
    """

    worker: int
    pid: int
    layout: Layout
    updated: tuple[int, ...]
    unconnected: tuple[int, ...]
    sparse: tuple[int, ...]
    exchange_size: int
    shards: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class GroupEnd:
    """A worker's end of a group of iterations: the entries of each sparse gradient, or why the group must be redone."""

    worker: int
    looked_up: tuple[int, ...] = ()
    lost: str = ""


@dataclass(frozen=True)
class Report:
    """What a worker did in one job.

    Attributes:
        worker: its number.
        rows: how many rows of the batch it has used.
        loss, metrics: of them.
        times: seconds of read, compute and write.
        arrays: what the job returns beside the report.
        asked: how many rows of the batch were its part.
        began: when it began, in seconds since 1970 by its own clock.
    """

    worker: int
    rows: int
    loss: float = 0.0
    metrics: np.ndarray | None = None
    times: Mapping[str, float] = field(default_factory=dict)
    arrays: Any = None
    asked: int = 0
    began: float = 0.0
