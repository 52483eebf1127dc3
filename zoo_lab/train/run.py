"""A run: what `fit` returns, while it goes on and afterwards."""

from __future__ import annotations

import contextlib
import queue
import threading
import uuid
import weakref
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.events import (
    BatchHandled,
    BatchRejected,
    EpochDone,
    Event,
    IterationDiscarded,
    IterationDone,
    KnobTurned,
    RunStarted,
    RunStopped,
)
from zoo_lab.core.runlog import read_events
from zoo_lab.core.stream import EventStream
from zoo_lab.train.knobs import check_turn
from zoo_lab.train.plan import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from zoo_lab.train.keeping import Ring

_STATES = {"finished": "finished", "stopped": "stopped", "early": "early", "failed": "failed"}
_running: weakref.WeakSet[Run] = weakref.WeakSet()


def running_runs() -> list[Run]:
    """Return the runs of this process that have not ended, in no order."""
    return list(_running)


class Run:
    """One training run.

    Attributes:
        id: short unique text.
        name: the model's name unless given.
        state: "running", "finished", "stopped" (by the user), "early" (by a callback) or "failed".
        history: metric name → one value an epoch, as Keras' `History.history`.
        plan: what was decided before the start, None until then.
        model: the Keras model; it holds the weights of the last finished iteration.
        path: the run file, one JSON event a line.
        error: what ended a failed run, else None.
        iterations: number of iterations done.
        knobs: what `turn` can change, and its present value; empty until the run has begun.
        turned_knobs: what was turned in it, and in the runs that it goes on from.
        quarantine: the rows that are left out of training, as bad batches had them.
        asking: the bad batch of which the run waits to hear what becomes of it, see `decide`; None while it trains.
        kept: the iterations whose weights are in memory, for `branch` and `rewind`; None without `keep_weights`.
        arguments: of `fit`, what a branch begins with; only where weights are kept.
        beside: the events of runs whose curves are shown beside this one's.
    """

    def __init__(self, model: Any, name: str, path: Path) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.name = name
        self.model = model
        self.path = path
        self.state = "running"
        self.plan: Plan | None = None
        self.history: dict[str, list[float]] = {}
        self.error: BaseException | None = None
        self.iterations = 0
        self.knobs: dict[str, float] = {}
        self.turned_knobs: dict[str, float] = {}
        self.quarantine: set[int] = set()
        self.asking: BatchRejected | None = None
        self._decisions: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.kept: Ring | None = None
        self.arguments: dict[str, Any] = {}
        self.beside = EventStream()
        self._heard: set[str] = set()
        self._promised: dict[str, float] = {}
        self._turned: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self.stream = EventStream()
        self.stream.subscribe(self._note)
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._go_on = threading.Event()
        self._go_on.set()
        self._on_stop: list[Callable[[], None]] = []
        _running.add(self)

    @property
    def events(self) -> list[Event]:
        """All events so far, read from the run file."""
        return list(read_events(self.path))

    @property
    def stopping(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the run to stop; it ends within about a second and keeps the weights of its last finished iteration."""
        self._stop.set()
        self._go_on.set()
        for callback in tuple(self._on_stop):
            callback()

    @property
    def pausing(self) -> bool:
        """Whether the run has been asked to pause."""
        return not self._go_on.is_set()

    def pause(self) -> None:
        """Ask the run to pause after the iteration under way, its model up to date; `resume` or `stop` ends that."""
        self._go_on.clear()

    def resume(self) -> None:
        """Let a paused run go on as if nothing had been."""
        self._go_on.set()

    def turn(self, knob: str, value: float) -> None:
        """Give a setting another value from the next iteration on; the run tells of it as an event.

        Args:
            knob: "learning_rate"; "clipnorm", "global_clipnorm" or "clipvalue", one of which may be on; or
                "augmentation_strength" where a chain with random steps over images runs in training.
            value: the new value: of the learning rate above 0, of clipping 0 for off, of the strength 1 for as the
                steps say and 0 for nearly nothing.

        Errors:
            ArgumentError: there is no such knob (a schedule of the optimizer's has its own learning rate), or it cannot
                have this value.
        """
        number = check_turn(knob, value, {**self.knobs, **self._promised})
        self._promised[knob] = number
        self._turned.put((knob, number))

    def branch(self, iteration: int, **changes: Any) -> Run:
        """Start a run that goes on from an iteration of this one, which may still train; this one is left as it is.

        The branch trains a copy of the model on the same data in the same order, so that without changes it computes
        what this run did from there on, to the bit. It has no callbacks and no checkpoints unless they are given.

        Args:
            iteration: it begins with the newest weights kept at or before it, see `keep_weights` of `fit`.
            changes: arguments of `fit`, such as epochs or name, and knobs such as learning_rate; not the model, the
                data, batch_size, shuffle or seed.

        Returns:
            the branch; its `model` holds its weights.

        Errors:
            ArgumentError: lists what cannot be changed, or names the iterations that are kept.

        Example:
            >>> gentle = run.branch(400, learning_rate=1e-4, epochs=10)             # doctest: +SKIP
        """
        from zoo_lab.train.branching import branch

        return branch(self, iteration, changes)

    def rewind(self, iteration: int) -> int:
        """Put the weights, and all that the optimizer kept, of an earlier iteration back into the model.

        Args:
            iteration: the newest kept at or before it counts, see `keep_weights` of `fit`.

        Returns:
            the iteration whose weights the model now holds.

        Errors:
            TrainingError: the run still goes on.
            ArgumentError: no weights are kept from there.
        """
        from zoo_lab.train.keeping import rewind

        return rewind(self, iteration)

    @property
    def turning(self) -> bool:
        """Whether something was turned and not yet heeded."""
        return not self._turned.empty()

    def turned(self) -> Iterator[tuple[str, float]]:
        """Yield what was turned and not yet heeded, oldest first; for the code that runs it."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._turned.get_nowait()

    def decide(self, choice: str, iteration: int | None = None) -> None:
        """Say what becomes of the bad batch that the run waits with, see `bad_batch` of `fit`.

        Args:
            choice: "skip" leaves this batch out, "quarantine" also its bad rows in all later epochs, "retry" computes it
                again (a loss that is finite then passes, however high), "raise" ends the run.
            iteration: of the batch, where it may be that somebody else has decided; default the present one's.

        Errors:
            ArgumentError: the run waits for nothing, or there is no such choice.
        """
        checks = Checks("decide")
        checks.one_of("choice", choice, ("skip", "quarantine", "retry", "raise"))
        asking = self.asking
        waits = asking is not None and iteration in (None, asking.iteration)
        checks.require(waits, "Expected a run that waits with a bad batch; received one that does not.")
        checks.done()
        self.asking = None
        self._decisions.put(choice)

    def ask(self, rejected: BatchRejected | None) -> None:
        """Wait for `decide` from now on, or no more; for the code that runs it."""
        self.asking = rejected

    def decided(self, seconds: float) -> str | None:
        """Return the choice of `decide`, None where there is none after `seconds`; for the code that runs it."""
        try:
            return self._decisions.get(timeout=seconds)
        except queue.Empty:
            return None

    def hears(self, token: str) -> bool:
        """Tell whether a request with this mark is a new one; for the code that takes requests."""
        new = token not in self._heard
        self._heard.add(token)
        return new

    def wait_while_paused(self) -> None:
        """Return once the run may go on or is to stop; for the code that runs it."""
        self._go_on.wait()

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the run is asked to stop."""
        self._on_stop.append(callback)

    def wait(self, seconds: float | None = None) -> Run:
        """Wait until the run has ended (at most `seconds`), raise its error if it failed, and return the run."""
        self._ended.wait(seconds)
        if self.error is not None:
            raise self.error
        return self

    def wait_for_end(self, seconds: float | None = None) -> bool:
        """Wait until the run has ended, at most `seconds`, without raising its error; tell whether it has."""
        return self._ended.wait(seconds)

    def __await__(self) -> Generator[Any, None, Run]:
        import asyncio

        return asyncio.to_thread(self.wait).__await__()

    def plot(self) -> Figure:
        """Return a matplotlib figure of the loss at each iteration and of the metrics at each epoch."""
        from zoo_lab.train.plot import plot_run

        return plot_run(self)

    def end(self, error: BaseException | None = None) -> None:
        """Mark the run as ended, by `error` if given; for the code that runs it."""
        self.error = error
        self._on_stop.clear()  # they hold what trained, and users hold runs
        _running.discard(self)
        self._ended.set()

    def __repr__(self) -> str:
        last = {name: round(values[-1], 4) for name, values in self.history.items() if values}
        values = "".join(f", {name}={value}" for name, value in last.items())
        return f"Run({self.name!r}, {self.state}, {self.iterations} iterations{values})"

    def _note(self, event: Event) -> None:
        if isinstance(event, (IterationDone, IterationDiscarded)):
            self.iterations = event.iteration
        elif isinstance(event, EpochDone):
            for name, value in event.logs.items():
                self.history.setdefault(name, []).append(value)
        elif isinstance(event, BatchHandled):
            self.quarantine.update(event.rows)
        elif isinstance(event, RunStarted):
            self.knobs.update(event.knobs)
        elif isinstance(event, KnobTurned):
            self.knobs[event.knob] = self.turned_knobs[event.knob] = event.value
        elif isinstance(event, RunStopped):
            self.state = _STATES[event.reason]
