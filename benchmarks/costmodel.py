"""What an iteration costs on N workers, by strategy: a sum of terms, each linear in one measured constant. Pure.

The constants are fitted to runs on one machine, where N workers share the cores; the same formulas then predict nodes
of their own, joined by links. What differs between the two is the `Place`:

- `crowding`: how many workers share what one worker needs: workers/cores on one machine, 1 on nodes of their own. A
  worker that passes bytes on has its Java and its Python at work at once, so it needs more than a core: how many is
  fitted too, one number for the strategies that go through Java;
- `bandwidth`: of a link in each direction. On one machine there is none: copying is in the fitted cost of a byte.

The traffic of a strategy is not fitted but known from what it does, see `Traffic`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

STRATEGIES = ("shared", "collect", "sliced")
# What each strategy's time is a sum of, see `terms`.
TERMS = {
    "shared": ("job", "task", "worker", "node_byte"),
    "collect": ("job", "task", "worker", "node_byte", "driver_byte"),
    "sliced": ("job", "task", "worker", "node_byte", "driver_byte", "block"),
}
# The driver pickles a byte in the same way whatever the strategy: one constant, or `collect` alone could not tell
# it from what the workers do with it. What launching a task takes is measured by itself, on tasks that do nothing.
_COMMON = "driver_byte"
_KNOWN = "task"
_BROADCAST_BLOCK = 4 << 20  # Spark's spark.broadcast.blockSize
_THROUGH_JAVA = ("collect", "sliced")
_BUSY_CORES = tuple(1 + step / 20 for step in range(21))  # that such a worker may keep busy


@dataclass(frozen=True)
class Place:
    """Where workers run: on one machine with `cores`, or (None) on nodes of their own with links of `bandwidth`.

    Attributes:
        cores: that all workers share, or None.
        bandwidth: of each link and direction, bytes a second.
    """

    cores: int | None = None
    bandwidth: float = math.inf

    def crowding(self, workers: int, busy: float = 1.0) -> float:
        """Return how many workers share what one of them needs, where each keeps `busy` cores busy."""
        return max(1.0, busy * workers / self.cores) if self.cores else 1.0


@dataclass(frozen=True)
class Setting:
    """An iteration to be timed.

    Attributes:
        strategy: one of `STRATEGIES`.
        workers: their number.
        weight_bytes: of all weights.
        compute_seconds: what one worker takes that shares nothing with others.
    """

    strategy: str
    workers: int
    weight_bytes: float
    compute_seconds: float


@dataclass(frozen=True)
class Traffic:
    """Bytes over the network in an iteration.

    Attributes:
        node_in, node_out: of each worker's node.
        driver_in, driver_out: of the driver's.
    """

    node_in: float
    node_out: float
    driver_in: float
    driver_out: float


@dataclass(frozen=True)
class Constants:
    """What was fitted for one strategy.

    Attributes:
        seconds: term → what a unit of it takes.
        error: the largest relative error on the runs.
        busy: cores that a worker keeps busy with all but computing.
    """

    seconds: dict[str, float]
    error: float = 0.0
    busy: float = 1.0


def traffic(strategy: str, workers: int, weight_bytes: float) -> Traffic:
    """Return what a strategy moves; the weights go out by Spark's broadcast, in which nodes also serve each other."""
    weights, others = weight_bytes, (workers - 1) / workers
    if strategy == "shared":
        return Traffic(0.0, 0.0, 0.0, 0.0)
    served = weights * others  # each node passes on about what it received, but for the driver's one copy
    if strategy == "collect":
        return Traffic(weights, weights + served, workers * weights, weights)
    exchanged = weights * others  # its gradient to the other slices' workers; theirs to its own slice
    return Traffic(weights + exchanged, exchanged + weights / workers + served, weights, weights)


def terms(setting: Setting, place: Place, busy: float = 1.0) -> dict[str, float]:
    """Return how much of each of its strategy's terms an iteration has.

    job: once. task: each task, launched by the driver one after another. worker: what a worker does for its tasks
    besides. node_byte: bytes that a worker reads, writes, sums and updates. driver_byte: bytes that pass through the
    driver. block: pieces of the shuffle that a worker reads.
    """
    workers, weights = setting.workers, setting.weight_bytes
    crowding = place.crowding(workers, busy)
    once = {"job": 1.0, "task": workers, "worker": crowding}
    if setting.strategy == "shared":
        return {**once, "node_byte": (2 + 2 / workers) * weights * crowding}
    if setting.strategy == "collect":
        return {**once, "node_byte": 2 * weights * crowding, "driver_byte": (1 + workers) * weights}
    handled = {"node_byte": (3 + 2 / workers) * weights * crowding, "driver_byte": 2 * weights}
    return {**once, "task": 2 * workers, **handled, "block": workers * crowding}


def wire_seconds(setting: Setting, place: Place) -> float:
    """Return the time on links: every node sends and receives at once; phases of an iteration follow each other."""
    if math.isinf(place.bandwidth) or setting.strategy == "shared":
        return 0.0
    weights, workers = setting.weight_bytes, setting.workers
    blocks = max(1.0, weights / _BROADCAST_BLOCK)
    rounds = 1 + math.log2(workers) / blocks  # a block is passed on once it is there: a pipeline as deep as a tree
    broadcast = weights * rounds
    if setting.strategy == "collect":
        return (broadcast + workers * weights) / place.bandwidth
    exchange = weights * (workers - 1) / workers
    return (broadcast + exchange + weights) / place.bandwidth


def seconds(setting: Setting, place: Place, constants: Constants) -> float:
    """Return the predicted time of an iteration."""
    own = sum(constants.seconds[name] * count for name, count in terms(setting, place, constants.busy).items())
    return own + setting.compute_seconds * place.crowding(setting.workers) + wire_seconds(setting, place)


def fit(measured: Sequence[tuple[Setting, float]], place: Place, task_seconds: float) -> dict[str, Constants]:
    """Return the constants of each strategy that fit runs best, by relative least squares with no constant below 0.

    Args:
        measured: settings with their seconds.
        place: where they ran.
        task_seconds: what launching a task takes.
    """

    def misfit(found: dict[str, Constants]) -> float:
        return sum((seconds(setting, place, found[setting.strategy]) / time - 1) ** 2 for setting, time in measured)

    return min((_fit(measured, place, task_seconds, busy) for busy in _BUSY_CORES), key=misfit)


def _fit(
    measured: Sequence[tuple[Setting, float]], place: Place, task_seconds: float, busy: float
) -> dict[str, Constants]:
    strategies = list(dict.fromkeys(setting.strategy for setting, _time in measured))
    own_busy = {strategy: busy if strategy in _THROUGH_JAVA else 1.0 for strategy in strategies}
    columns = list(dict.fromkeys(_column(strategy, name) for strategy in strategies for name in TERMS[strategy]))
    rows, wanted = [], []
    for setting, time in measured:
        counts = terms(setting, place, own_busy[setting.strategy])
        known = setting.compute_seconds * place.crowding(setting.workers) + task_seconds * counts.pop(_KNOWN)
        by_column = {_column(setting.strategy, name): count for name, count in counts.items()}
        rows.append([by_column.get(column, 0.0) / time for column in columns])
        wanted.append((time - known) / time)
    solved = dict(zip(columns, map(float, _not_negative(np.array(rows), np.array(wanted))), strict=True))
    found = {}
    for strategy in strategies:
        own = {name: solved[_column(strategy, name)] for name in TERMS[strategy]} | {_KNOWN: task_seconds}
        fitted = Constants(own, busy=own_busy[strategy])
        runs = [(setting, time) for setting, time in measured if setting.strategy == strategy]
        errors = [abs(seconds(setting, place, fitted) / time - 1) for setting, time in runs]
        found[strategy] = replace(fitted, error=max(errors))
    return found


def efficiency(setting: Setting, place: Place, constants: Constants) -> float:
    """Return which part of an iteration is computing: the speed-up over one worker that only computes, by N."""
    return setting.compute_seconds / seconds(setting, place, constants)


def best(settings: Sequence[Setting], place: Place, constants: dict[str, Constants]) -> str:
    """Return the strategy of the fastest of some settings."""
    return min(settings, key=lambda setting: seconds(setting, place, constants[setting.strategy])).strategy


def _column(strategy: str, name: str) -> str:
    return name if name in (_COMMON, _KNOWN) else f"{strategy}: {name}"


def _not_negative(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Solve min ‖rows·x − wanted‖ for x ≥ 0 (Lawson and Hanson 1974), with columns of one size so that it is stable."""
    scale = np.linalg.norm(rows, axis=0)
    rows = rows / np.where(scale, scale, 1.0)
    count = rows.shape[1]
    solution, passive = np.zeros(count), np.zeros(count, bool)
    for _ in range(3 * count):
        slope = rows.T @ (wanted - rows @ solution)
        if passive.all() or slope[~passive].max() <= 1e-10:
            break
        passive[np.argmax(np.where(passive, -np.inf, slope))] = True
        while True:
            trial = np.zeros(count)
            trial[passive] = np.linalg.lstsq(rows[:, passive], wanted, rcond=None)[0]
            if trial[passive].min(initial=1.0) > 0:
                break
            falling = passive & (trial <= 0)
            step = np.min(solution[falling] / (solution[falling] - trial[falling]))
            solution = solution + step * (trial - solution)
            passive &= solution > 1e-12
        solution = trial
    return solution / np.where(scale, scale, 1.0)
