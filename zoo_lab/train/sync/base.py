"""What a strategy of parameter synchronization must do; one file per strategy implements it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo_lab.train.arrival import Arrival
from zoo_lab.train.engine import WorkersLost
from zoo_lab.train.setup import Order, Report


@dataclass(frozen=True)
class Done:
    """One finished iteration.

    Attributes:
        order: what was asked for.
        loss: of the whole batch; where it is not finite or too high, nothing of the iteration was applied.
        metrics: what each worker adds to the flat metric variables, in the order of the workers.
        parts: seconds of schedule, read, compute, exchange, update and return, for the slowest worker.
        slowest: the worker that computed longest.
        ended: when it ended, by `time.perf_counter`.
        arrivals: what came of each worker's part, where some may be cut off.
        each: seconds of read, compute and exchange of each worker, where they are known.
    """

    order: Order
    loss: float
    metrics: Sequence[np.ndarray]
    parts: Mapping[str, float]
    slowest: int
    ended: float
    arrivals: Sequence[Arrival] = ()
    each: Sequence[Sequence[float]] = ()

    @property
    def arrived(self) -> int:
        """How many of the batch's rows came in time."""
        return sum(part.rows for part in self.arrivals) if self.arrivals else len(self.order.rows)

    @property
    def dropped(self) -> dict[str, int]:
        """How many rows came too late, of each worker with any."""
        late = {str(worker): part.asked - part.rows for worker, part in enumerate(self.arrivals)}
        return {worker: rows for worker, rows in late.items() if rows}

    @property
    def rejected(self) -> bool:
        """Whether its loss is not finite, or too high, so that nothing of it was applied."""
        return not self.order.accepts(self.loss)

    @property
    def discarded(self) -> bool:
        """Whether too few rows came, so that nothing of the iteration was applied."""
        return not self.order.enough(self.arrived)


class Sync(ABC):
    """Moves weights to the workers and their gradients back, and has the sum applied.

    Attributes:
        capacity: the most iterations that `advance` takes at once.
    """

    capacity: int = 1

    @abstractmethod
    def publish(self) -> None:
        """Let the next iteration start from the live model's weights, state and optimizer."""

    @abstractmethod
    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        """Do these iterations, each told to `finished` once it is done, in order.

        It ends early after a loss that the order does not accept, or when the run is asked to stop. After an error that came from
        Spark it may be called again with the same orders; then it tells iterations again that it told before.
        """

    @abstractmethod
    def pull(self) -> None:
        """Bring the live model up to the last finished iteration."""

    @abstractmethod
    def rewind(self) -> None:
        """After an error: bring the live model to where another strategy can be asked for the same orders."""

    @abstractmethod
    def mark(self) -> None:
        """After `pull`: go on exactly as a run would that starts from the live model as it is now."""

    @abstractmethod
    def close(self) -> None:
        """Free what the strategy holds."""


def expect_all_rows(order: Order, reports: Sequence[Report]) -> None:
    """Raise `WorkersLost` unless every row of the batch was the part of one worker."""
    found = sum(report.asked for report in reports)
    if found != len(order.rows):
        msg = f"{found} of {len(order.rows)} rows of iteration {order.iteration} were found: shards have moved"
        raise WorkersLost(msg)


def join_sparse(parts: list[list[tuple[np.ndarray, np.ndarray]]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the workers' sparse gradients joined, variable by variable, in the order of the workers."""
    by_variable = zip(*parts, strict=True)
    return [tuple(np.concatenate(arrays) for arrays in zip(*pairs, strict=True)) for pairs in by_variable]
