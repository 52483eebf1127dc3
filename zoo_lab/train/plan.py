"""What a run will do, decided before it starts: pure, knows neither Spark nor TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from zoo_lab.core.errors import ArgumentError
from zoo_lab.train.stragglers import DropSlow


@dataclass(frozen=True)
class Plan:
    """The decisions of one run; `repr` reads as a sentence.

    `sync` is the strategy's name and `why` the reason for it. A run with the same plan, data and model
    gives the same weights again.
    """

    rows: int
    batch_size: int
    epochs: int
    workers: int
    seed: int
    shuffle: bool
    sync: str
    why: str
    iterations_per_job: int | str = "auto"
    compression: str = "none"
    max_iterations: int | None = None
    sync_every: int = 1
    drop: DropSlow | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Number of global batches in an epoch, the last of which may be smaller."""
        return -(-self.rows // self.batch_size)

    def position(self, epoch: int, step: int) -> Position:
        """Return the position of a step of an epoch, both from 0."""
        return Position(epoch * self.steps_per_epoch + step + 1, epoch, step)

    def position_of(self, iteration: int) -> Position:
        """Return the position of an iteration, counted from 1."""
        return Position(iteration, *divmod(iteration - 1, self.steps_per_epoch))

    @property
    def iterations(self) -> int:
        """Number of iterations in the whole run."""
        whole = self.steps_per_epoch * self.epochs
        return whole if self.max_iterations is None else min(whole, self.max_iterations)

    def __repr__(self) -> str:
        return (
            f"Plan({self.rows:,} rows in batches of {self.batch_size}: {self.steps_per_epoch} iterations × "
            f"{self.epochs} epochs on {self.workers} workers; seed {self.seed}; sync={self.sync!r}: {self.why})"
        )


@dataclass(frozen=True)
class Position:
    """Where a run stands: `iteration` counts from 1 over the run, `epoch` and `step` from 0."""

    iteration: int
    epoch: int
    step: int


MOST_COLLECTED_BYTES = 256 << 20


def choose_sync(
    asked: str, one_host: bool, weight_bytes: int = 0, workers: int = 1, sync_every: int = 1
) -> tuple[str, str]:
    """Return the strategy's name ("measured" where the first iterations decide) and the reason, as one clause.

    Args:
        asked: what the user asked for.
        one_host: whether the workers see the driver's files.
        weight_bytes: size of the flat weights.
        workers: their number.
        sync_every: how many steps each makes by itself; more than 1 is a strategy of its own.

    Raises `ArgumentError` when `shared` is asked for on workers that do not share a host.
    """
    if sync_every > 1:
        return "local", (
            f"each worker makes {sync_every} steps by itself before weights are averaged, as asked for with sync_every;"
            " one process would get other weights"
        )
    if asked == "shared" and not one_host:
        msg = (
            "Expected sync='auto', 'collect' or 'sliced': the workers run on several hosts, or do not see the driver's "
            "files; received sync='shared', which needs one shared memory."
        )
        raise ArgumentError(msg)
    if asked != "auto":
        return asked, "asked for by name"
    if one_host:
        return "shared", "all workers share this host's memory, so a job carries only control"
    received = weight_bytes * workers
    if received > MOST_COLLECTED_BYTES:
        return "sliced", f"the driver would receive {received >> 20} MB of gradients in each iteration with collect"
    return "measured", "the first five iterations tell which strategy is faster"
