"""The curves of one run, gathered from its events. They keep the numbers; widget, twin, text and board show them.

Pure: no thread, no clock, no screen. A recorded run gives the same curves as a live one. A resumed run tells again what
it had done before, with the old times: that belongs to the curves, but says nothing about how fast it goes now.
"""

from __future__ import annotations

import functools
from array import array
from collections import deque

from zoo_lab.core.events import (
    BatchHandled,
    BatchRejected,
    BranchedFrom,
    BranchStarted,
    CheckpointSaved,
    EpochDone,
    Event,
    IterationDiscarded,
    IterationDone,
    KnobRefused,
    KnobTurned,
    Notice,
    RunContinued,
    RunMade,
    RunPaused,
    RunRewound,
    RunStarted,
    RunStopped,
    SamplesWatched,
    WatchStarted,
    WeightsKept,
    WorkerLost,
)
from zoo_lab.widgets.besides import Beside
from zoo_lab.widgets.columns import Columns
from zoo_lab.widgets.lanes import Lanes
from zoo_lab.widgets.pace import Pace
from zoo_lab.widgets.samples import Watched
from zoo_lab.widgets.wording import duration, plural

_LONGEST_MARK = 160


class Curves:
    """Everything a display needs to know about a run.

    `iteration` (int64), `values` ("loss", "seconds" and the running metrics) and `timing` ("slowest", the worker that
    computed longest, and the seconds of each part) have one row for each iteration; `epoch_number` (from 0),
    `epoch_iteration` and `epoch_values` (Keras' logs, validation included) have one for each epoch that it was told of,
    which may begin late in a resumed run. `marks` are what happened besides, each (iteration, kind, what to say), the
    kind one of "checkpoint", "knob", "branch", "pause", "lost", "discarded", "rejected" and "early". `knobs` are the settings
    that can be changed while it runs, with their present values; `refused` is the last value that one could not have.
    `beside` are the curves of its branches and of the run that it branches from, by run; `kept` the iterations that
    a branch can begin with, `kept_bytes` what they take.
    `rejected` are the bad batches, `handled` what became of them by iteration, `asking` the iteration whose batch the
    run waits with.
    `watched` are the samples that are predicted again and again.
    `lanes` has what each worker did, and when it was lost.
    `state` is "starting", "running", "paused", "finished", "stopped", "early" or "failed".

    Example:
        >>> curves = Curves("run-1")
        >>> curves.state, len(curves)
        ('starting', 0)
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.started: RunStarted | None = None
        self.stopped: RunStopped | None = None
        self.made: RunMade | None = None
        self.state = "starting"
        self.iteration = array("q")
        self.values = Columns(["loss", "seconds"])
        self.timing = Columns(["slowest"])
        self.lanes = Lanes()
        self.epoch_number = array("q")
        self.epoch_iteration = array("q")
        self.epoch_values = Columns()
        self.epoch = 0
        self.step = 0
        self.pace = Pace()
        self.notice = ""
        self._noticed_late = False
        self.knobs: dict[str, float] = {}
        self.refused: dict[str, str] = {}
        self.beside: dict[str, Beside] = {}
        self.rejected: list[BatchRejected] = []
        self.handled: dict[int, str] = {}
        self.asking: int | None = None
        self.watched = Watched()
        self.kept: deque[int] = deque()
        self.kept_bytes = 0
        self.marks: list[tuple[int, str, str]] = []
        self.workers_lost = 0
        self.batches_rejected = 0
        self._first_time: float | None = None
        self._last_time = 0.0

    def __len__(self) -> int:
        return len(self.iteration)

    def add(self, event: Event) -> None:
        """Take one event into account; events of other runs are ignored."""
        if event.run != self.run:
            if event.run in self.beside:
                self.beside[event.run].add(event)
            return
        if self._first_time is None:
            self._first_time = event.time
        self._last_time = max(self._last_time, event.time)
        self._take(event)

    @functools.singledispatchmethod
    def _take(self, event: Event) -> None:
        """Ignore kinds of events that this version shows nothing of."""

    @_take.register
    def _(self, event: RunStarted) -> None:
        self.started, self.notice = event, ""
        self.knobs = dict(event.knobs)

    @_take.register
    def _(self, event: RunMade) -> None:
        self.made = event

    @_take.register
    def _(self, event: IterationDone) -> None:
        self.epoch, self.step = event.epoch, event.step
        self.iteration.append(event.iteration)
        self.values.append({**event.metrics, "loss": event.loss, "seconds": event.seconds})
        self.timing.append({**event.parts, "slowest": event.slowest})
        self.lanes.add(event)
        if self.started is None or event.time >= self.started.time:
            self.state = "running"
            self.pace.add(event)

    @_take.register
    def _(self, event: EpochDone) -> None:
        self.epoch_number.append(event.epoch)
        self.epoch_iteration.append(event.iteration)
        self.epoch_values.append(event.logs)

    @_take.register
    def _(self, event: WorkerLost) -> None:
        self.workers_lost += 1
        who = event.who[0].upper() + event.who[1:]
        again = "the iteration is done again" + (f", attempt {event.attempt + 1}" if event.attempt > 1 else "")
        self.notice = f"{who} was lost at iteration {event.iteration} ({event.reason}); {again}."
        self._mark(event.iteration, "lost", f"{event.who} was lost, done again: {event.reason}")
        self.lanes.lose(event)

    @_take.register
    def _(self, event: IterationDiscarded) -> None:
        self.notice = (
            f"Iteration {event.iteration} was discarded: only {event.rows:,} rows came in time, and "
            f"{sum(event.dropped.values()):,} did not."
        )
        self._mark(event.iteration, "discarded", f"discarded: only {event.rows:,} rows came in time")

    @_take.register
    def _(self, event: BatchRejected) -> None:
        self.batches_rejected += 1
        who = f" on {event.who}" if event.who else ""
        self.notice = f"The batch of iteration {event.iteration} gave a loss of {event.loss}{who}: {event.reason}"
        self._mark(event.iteration, "rejected", f"loss {event.loss:.4g}{who}: {event.reason}")
        self.rejected.append(event)
        self.asking = event.iteration if event.asks else None

    @_take.register
    def _(self, event: BatchHandled) -> None:
        self.handled[event.iteration] = event.choice
        self.asking, self.notice = None, ""
        rows = f": {plural(len(event.rows), 'row')}" if event.rows else ""
        self._mark(event.iteration, "rejected", f"{event.choice}{rows}")

    @_take.register
    def _(self, event: CheckpointSaved) -> None:
        self._mark(event.iteration, "checkpoint", "checkpoint saved")

    @_take.register
    def _(self, event: KnobTurned) -> None:
        words = f"{event.knob.replace('_', ' ')} {event.before:.4g} → {event.value:.4g}"
        self._mark(event.iteration, "knob", words)
        self.knobs[event.knob] = event.value
        self.refused = {}

    @_take.register
    def _(self, event: KnobRefused) -> None:
        self.refused = {"knob": event.knob, "reason": event.reason}

    @_take.register
    def _(self, event: WatchStarted) -> None:
        self.watched.started = event

    @_take.register
    def _(self, event: SamplesWatched) -> None:
        self.watched.newest = event

    @_take.register
    def _(self, event: WeightsKept) -> None:
        self.kept.append(event.iteration)
        while self.kept[0] < event.first:
            self.kept.popleft()
        self.kept_bytes = event.nbytes

    @_take.register
    def _(self, event: BranchStarted) -> None:
        self.beside[event.branch] = Beside(event.branch, event.name, event.iteration)
        self._mark(event.iteration, "branch", f"branch: {event.name}")

    @_take.register
    def _(self, event: BranchedFrom) -> None:
        self.beside[event.parent] = Beside(event.parent, event.name, event.iteration, over=True)
        self._mark(event.iteration, "branch", f"branched from {event.name}")

    @_take.register
    def _(self, event: RunRewound) -> None:
        self._mark(event.iteration, "branch", "the model was rewound to this")

    @_take.register
    def _(self, event: RunPaused) -> None:
        self.state = "paused"
        self._mark(event.iteration, "pause", "paused")

    @_take.register
    def _(self, event: RunContinued) -> None:
        self.state = "running"

    @_take.register
    def _(self, event: Notice) -> None:
        self.notice = event.text
        self._noticed_late = self.over

    @_take.register
    def _(self, event: RunStopped) -> None:
        self.stopped, self.state, self.asking = event, event.reason, None
        if event.reason == "early":
            self._mark(self.last_iteration, "early", "stopped early by a callback")

    def _mark(self, iteration: int, kind: str, text: str) -> None:
        self.marks.append((iteration, kind, text[:_LONGEST_MARK]))

    @property
    def over(self) -> bool:
        """Whether the run has ended, in whatever way."""
        return self.stopped is not None

    @property
    def newest_notice(self) -> str:
        """What there is to know now: once the run is over, only what came after its end."""
        return self.notice if self._noticed_late or not self.over else ""

    @property
    def all_over(self) -> bool:
        """Whether its branches have ended too."""
        return self.over and all(other.over for other in self.beside.values())

    @property
    def name(self) -> str:
        """What the user called the run, its id before that is known."""
        return self.started.name if self.started else self.run

    @property
    def metrics(self) -> list[str]:
        """The running metrics, without the loss."""
        order = list(self.started.metrics) if self.started else []
        known = [name for name in self.values.names if name not in ("loss", "seconds")]
        return sorted(known, key=lambda name: order.index(name) if name in order else len(order))

    @property
    def epochs(self) -> int:
        """How many epochs the whole run has, the last one perhaps cut short; 0 before that is known."""
        return -(-self.iterations // self.started.steps_per_epoch) if self.started else 0

    @property
    def epochs_done(self) -> int:
        """How many epochs have ended, those before a resumed run included."""
        ended = self.epoch_number[-1] + 1 if self.epoch_number else 0
        return max(ended, self.epoch)

    @property
    def iterations(self) -> int:
        """How many iterations the whole run has; 0 before that is known."""
        return (self.started.iterations or self.started.epochs * self.started.steps_per_epoch) if self.started else 0

    @property
    def epoch_steps(self) -> int:
        """How many iterations the present epoch has; 0 before that is known."""
        if self.started is None:
            return 0
        steps = self.started.steps_per_epoch
        return min(steps, self.iterations - self.epoch * steps)

    @property
    def epoch_step(self) -> int:
        """How many iterations of the present epoch are done."""
        # step counts within the epoch; IterationDone.iteration is the only one known to count from 1
        return self.last_iteration - self.epoch * self.started.steps_per_epoch if self.started else self.step

    @property
    def last_iteration(self) -> int:
        """The newest finished iteration, 0 before the first."""
        return self.iteration[-1] if self.iteration else 0

    @property
    def elapsed_seconds(self) -> float:
        """From the start of the run to its newest event; its own word for it once it is over."""
        if self.stopped:
            return self.stopped.seconds
        begin = self.started.time if self.started else self._first_time
        return self._last_time - begin if begin is not None else 0.0

    @property
    def eta_seconds(self) -> float | None:
        """Seconds to the end at the present pace; None where nobody can know, 0 when over."""
        if self.over:
            return 0.0
        return self.pace.eta_seconds(self.iterations - self.last_iteration) if self.iterations else None

    @property
    def status(self) -> str:
        """One sentence for the user: what is going on right now."""
        if self.stopped:
            return self._ending(self.stopped)
        if self.state == "running":
            return self._position()
        if self.state == "paused":
            return f"Paused at {self._position()}"
        if self.notice or self.started is None:
            return self.notice or "Preparing the run…"
        begin = f"Going on after iteration {self.last_iteration:,}" if len(self) else "Starting"
        return f"{begin}: shipping the model to {plural(self.started.workers, 'worker')}…"

    def _position(self) -> str:
        if self.started is None:
            return f"epoch {self.epoch + 1} · step {self.epoch_step}"
        return f"epoch {self.epoch + 1}/{self.epochs} · step {self.epoch_step}/{self.epoch_steps}"

    def _ending(self, stopped: RunStopped) -> str:
        done = plural(stopped.iterations, "iteration")
        after = f"after {done} in {duration(stopped.seconds)}"
        words = {
            "finished": f"Finished {after}",
            "stopped": f"Stopped by you {after}, weights kept",
            "early": f"Stopped early by a callback {after}",
            "failed": f"Failed {after}",
        }
        sentence = words.get(stopped.reason, f"Ended ({stopped.reason}) {after}")
        said = (
            stopped.message.partition("\n")[0] if stopped.error else stopped.message
        )  # the rest is shown part by part
        return f"{sentence}: {said}" if said else f"{sentence}."
