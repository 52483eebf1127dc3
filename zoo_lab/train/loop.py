"""Obeys the plan: groups of iterations, their events and Keras' callbacks on the driver's live model, epoch after epoch."""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

from zoo_lab.context.jobs import undivided
from zoo_lab.core.events import (
    EpochDone,
    Event,
    IterationDiscarded,
    IterationDone,
    KnobTurned,
    Notice,
    RunContinued,
    RunPaused,
)
from zoo_lab.core.triggers import Moment
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.train.badbatches import BadBatches, without_empty
from zoo_lab.train.batches import batch_rows, epoch_order
from zoo_lab.train.crew import Crew
from zoo_lab.train.engine import Engine
from zoo_lab.train.evaluation import evaluate_with
from zoo_lab.train.grouping import Grouping
from zoo_lab.train.keeping import Keeper
from zoo_lab.train.knobs import Knobs, Turns
from zoo_lab.train.live import LiveModel
from zoo_lab.train.plan import Plan, Position
from zoo_lab.train.repeat import Repeater, Stopped
from zoo_lab.train.saving import Saver, Start
from zoo_lab.train.setup import Order
from zoo_lab.train.sync.base import Done, Sync
from zoo_lab.train.watching import Watcher

_PULL_SECONDS = 1.0
_PULL_SHARE = 0.05
_LANES = 8  # workers that are shown one by one


class Loop:
    """Trains `live` by `plan`; every iteration and epoch is emitted as an event."""

    def __init__(
        self,
        plan: Plan,
        live: LiveModel,
        crew: Crew,
        *,
        run: str,
        emit: Callable[[Event], None],
        repeat: Repeater,
        callbacks: Sequence[Any],
        validation: FeatureSet | None,
        stop_asked: Callable[[], bool],
        pause_asked: Callable[[], bool],
        wait_while_paused: Callable[[], None],
        turned: Callable[[], Iterable[tuple[str, float]]],
        knobs: Knobs,
        turns: Turns,
        bad: BadBatches,
        planned: Callable[[str], None],
        start: Start,
        saver: Saver | None,
        keeper: Keeper | None,
        watcher: Watcher | None,
    ) -> None:
        self.plan = plan
        self.iterations = start.iteration
        self._start = start
        self._saver = saver
        self._keeper = keeper
        self._watcher = watcher
        self._begin = time.perf_counter() - start.seconds
        self._planned = planned
        self._live = live
        self._crew = crew
        self._run = run
        self._emit = emit
        self._repeat = repeat
        self._validation = validation
        self._stop_asked = stop_asked
        self._pause_asked = pause_asked
        self._wait_while_paused = wait_while_paused
        self._turned = turned
        self._knobs = knobs
        self._turns = turns
        self._bad = bad
        self._grouping = self._new_grouping()
        self._last_end = self._last_pull = time.perf_counter()
        self._pull_seconds = 0.0
        self._counted = False
        self._callbacks = keras.callbacks.CallbackList(
            list(callbacks),
            add_history=True,
            epochs=plan.epochs,
            steps=plan.steps_per_epoch,
            verbose=0,
            model=live.model,
        )
        self._watches_batches = any(map(watches_batches, callbacks))

    def _new_grouping(self) -> Grouping:
        return Grouping(self.plan.iterations_per_job, self._sync.capacity, self._crew.makes_rows)

    def train(self) -> None:
        """Run all epochs, or until a callback stops training; `Stopped` and errors pass through."""
        self._live.model.stop_training = False
        self._callbacks.on_train_begin()
        self._live.model.history.history.update({name: list(values) for name, values in self._start.history.items()})
        logs: dict[str, float] = {}
        self._look()
        try:
            for epoch in range(self.plan.position_of(self.iterations + 1).epoch, self.plan.epochs):
                logs = self._epoch(epoch) or logs
                if self._live.model.stop_training or self.iterations >= self.plan.iterations:
                    break
        except (KeyboardInterrupt, Stopped):
            self._end(logs)
            raise
        except BaseException:
            with contextlib.suppress(Exception):  # the weights come first, and Spark may be what has failed
                self._pull()
            raise
        self._end(logs)

    def _end(self, logs: dict[str, float]) -> None:
        self._pull()
        with undivided():
            self._live.finish()
        self._look(at_once=True)
        self._callbacks.on_train_end(logs)

    @property
    def _engine(self) -> Engine:
        return self._crew.engine

    @property
    def _sync(self) -> Sync:
        return self._crew.sync

    @property
    def stopped_early(self) -> bool:
        """Whether a callback ended training before its last iteration."""
        return self.iterations < self.plan.iterations

    def _epoch(self, epoch: int) -> dict[str, float]:
        """Do what is left of an epoch; return its logs, none where the run ends within it."""
        begin = time.perf_counter()
        self._live.totals.reset()
        self._callbacks.on_epoch_begin(epoch)
        order = epoch_order(self.plan.rows, self.plan.seed, epoch, self.plan.shuffle)
        self._last_end = time.perf_counter()
        self._repeat(self._crew.refit, self.iterations)
        self._publish()
        step = self.plan.position_of(self.iterations + 1).step
        self._counted = step > 0
        if step and self._start.totals is not None:
            self._live.totals.restore(self._start.totals)
        while step < self.plan.steps_per_epoch and not self._live.model.stop_training:
            if self.iterations >= self.plan.iterations:
                return {}
            step += self._group(epoch, step, order)
            if step < self.plan.steps_per_epoch:
                self._save_if_due(epoch, {})
        self._pull()
        self._live.totals.store()
        logs = {**self._epoch_values(), **self._validate()}
        self._callbacks.on_epoch_end(epoch, logs)
        logs = {name: values[-1] for name, values in self._live.model.history.history.items()}  # callbacks may add some
        seconds = time.perf_counter() - begin
        self._emit(EpochDone(run=self._run, epoch=epoch, iteration=self.iterations, logs=logs, seconds=seconds))
        self._save_if_due(epoch, logs)
        return logs

    def _epoch_values(self) -> dict[str, Any]:
        """Return the epoch's metrics, NaN where every iteration was discarded: Keras' would be 0."""
        logs = self._live.totals.logs()
        return logs if self._counted else dict.fromkeys(logs, math.nan)

    def _group(self, epoch: int, step: int, order: np.ndarray) -> int:
        """Do the iterations of one job; return how many were done."""
        if self._pause_asked():
            self._rest()
        if self._stop_asked():
            raise Stopped
        self._turn_knobs()
        if self._watches_batches:
            self._callbacks.on_train_batch_begin(step)
            self._publish()  # the hooks of this batch or of the last may have set weights
        left = min(self.plan.steps_per_epoch - step, self.plan.iterations - self.iterations)
        count = self._bad.room(self.iterations + 1, min(self._grouping.size, left))
        if self._saver is not None and self.plan.sync_every == 1:  # local steps are saved after an averaging only
            count = self._saver.room(self._moment(epoch, {}), count)
        if self._keeper is not None and self.plan.sync_every == 1:
            count = self._keeper.room(self.iterations, count)
        if self.plan.sync_every == 1:
            count = self._turns.room(self.iterations, count)
        steps = range(step, step + count)
        first = self.plan.position(epoch, step).iteration
        batches = [self._bad.kept(batch_rows(order, self.plan.batch_size, at)) for at in steps]
        terms = {"strength": self._knobs.strength, "highest": self._bad.limit(first)}
        orders = [Order(first + n, batch, **terms) for n, batch in enumerate(without_empty(batches))]
        if not len(orders[0].rows):
            self.iterations = first
            return 1
        finished: list[tuple[Done, dict[str, Any]]] = []

        def take(done: Done) -> None:
            if done.order.iteration > self.iterations:  # else a group that is done again
                finished.append((done, self._take(self.plan.position_of(done.order.iteration), done)))

        attempts = itertools.count()

        def advance() -> None:
            if next(attempts):
                self._crew.refit()
            self._sync.advance(orders, take)

        self._repeat(advance, first)
        for done, logs in finished:
            if done.rejected and not self._settle(done):
                finished.pop()
                break
            at = self.plan.position_of(done.order.iteration).step
            self._tell_callbacks(at, logs, begun=self._watches_batches and at == step)
        self._learn([done for done, _logs in finished])
        return len(finished)

    def _rest(self) -> None:
        """Pause with the live model up to date; the time is no iteration's."""
        self._pull()
        self._emit(RunPaused(run=self._run, iteration=self.iterations))
        begin = time.perf_counter()
        self._wait_while_paused()
        self._begin += time.perf_counter() - begin
        self._last_end = time.perf_counter()
        if not self._stop_asked():
            self._emit(RunContinued(run=self._run, iteration=self.iterations))
            self._publish()

    def _turn_knobs(self) -> None:
        """Change what is due, and what somebody asked to change; strategies read the learning rate anew for each job."""
        for knob, value in (*self._turns.due(self.iterations), *self._turned()):
            before = self._knobs.turn(knob, value, self._retool)
            if before is None:
                continue
            self._emit(KnobTurned(run=self._run, iteration=self.iterations, knob=knob, value=value, before=before))
            if told := self._knobs.untouched(knob):
                self._emit(Notice(run=self._run, text=told))

    def _retool(self, change: Callable[[], None]) -> None:
        self._crew.retool(change)
        self._grouping = self._new_grouping()

    def _take(self, position: Position, done: Done) -> dict[str, Any]:
        """Count a finished iteration and emit its event; return the running metrics."""
        if done.rejected:
            return {}
        self.iterations = position.iteration
        if done.discarded:
            self._emit(self._discarded(position, done))
            return {}
        self._bad.spikes.note(done.loss)
        self._live.totals.add(done.metrics)
        self._counted = True
        logs = self._live.totals.logs()
        self._emit(self._done(position, done, logs))
        return logs

    def _done(self, position: Position, done: Done, logs: dict[str, Any]) -> IterationDone:
        """Return the event of an iteration; its seconds run from the last one's: nothing between is left out."""
        seconds, self._last_end = done.ended - self._last_end, done.ended
        return IterationDone(
            run=self._run,
            iteration=position.iteration,
            epoch=position.epoch,
            step=position.step + 1,
            loss=done.loss,
            rows=done.arrived,
            dropped=done.dropped,
            seconds=seconds,
            metrics={name: value for name, value in logs.items() if name != "loss" and np.ndim(value) == 0},
            parts=done.parts,
            slowest=done.slowest,
            each=tuple(tuple(float(f"{seconds:.3g}") for seconds in times) for times in done.each[:_LANES]),
        )

    def _discarded(self, position: Position, done: Done) -> IterationDiscarded:
        seconds, self._last_end = done.ended - self._last_end, done.ended
        return IterationDiscarded(
            run=self._run,
            iteration=position.iteration,
            epoch=position.epoch,
            step=position.step + 1,
            rows=done.arrived,
            dropped=done.dropped,
            seconds=seconds,
        )

    def _tell_callbacks(self, step: int, logs: dict[str, Any], begun: bool) -> None:
        if not begun:
            self._callbacks.on_train_batch_begin(step)
        self._callbacks.on_train_batch_end(step, logs)

    def _learn(self, group: list[Done]) -> None:
        """Let the next group have the best size, and the user's model be no older than about a second."""
        launch = sum(done.parts.get("schedule", 0.0) + done.parts.get("return", 0.0) for done in group)
        inside = sum(sum(done.parts.values()) for done in group) - launch
        before = self._grouping.size
        self._grouping.note(len(group), launch, inside)
        if self._grouping.size != before == 1:
            self._planned(self._grouping.why)
        now = time.perf_counter()
        if now - self._last_pull > max(_PULL_SECONDS, self._pull_seconds / _PULL_SHARE):
            self._pull()
            self._look()

    def _look(self, at_once: bool = False) -> None:
        """Show what the live model, which is up to date, makes of the samples that somebody watches."""
        if self._watcher is not None:
            with undivided():
                self._watcher.look(self.iterations, at_once)

    def _moment(self, epoch: int, logs: dict[str, float]) -> Moment:
        return Moment(self.iterations, epoch, bool(logs), time.perf_counter() - self._begin, logs)

    def _save_if_due(self, epoch: int, logs: dict[str, float]) -> None:
        """Save the run if its trigger says so; `logs` are given at an epoch's end only."""
        moment = self._moment(epoch, logs)
        saves = self._saver is not None and self._saver.due(moment)
        keeps = self._keeper is not None and self._keeper.due(self.iterations)
        if saves or keeps:
            self._pull()
            with undivided():
                self._repeat(self._sync.mark, self.iterations)
        if saves:
            self._emit(self._saver.save(moment, self.plan))
        if keeps:
            self._emit(self._keeper.keep(self.iterations, moment.seconds, self.plan))

    def _publish(self) -> None:
        self._repeat(self._sync.publish, self.iterations)

    def _pull(self) -> None:
        begin = time.perf_counter()
        with undivided(), self._engine.sparing():
            self._repeat(self._sync.pull, self.iterations)
        self._last_pull = time.perf_counter()
        self._pull_seconds = self._last_pull - begin

    def _validate(self) -> dict[str, float]:
        if self._validation is None:
            return {}
        self._callbacks.on_test_begin()  # SwapEMAWeights puts other weights in for the validation
        logs = self._repeat(
            lambda: evaluate_with(self._engine, self._live, self._validation, self.plan.batch_size), self.iterations
        )
        self._callbacks.on_test_end(logs)
        return {f"val_{name}": value for name, value in logs.items()}

    def _settle(self, done: Done) -> bool:
        """See what becomes of a batch that was not applied; tell whether the run goes on behind it."""
        position = self.plan.position_of(done.order.iteration)
        begin = time.perf_counter()
        self._pull()
        goes_on = self._bad.settle(done, position, self._engine, self._repeat)
        self._publish()
        self._last_end = time.perf_counter()
        self._begin += self._last_end - begin
        if goes_on:
            self.iterations = position.iteration
        return goes_on


def watches_batches(callback: Any) -> bool:
    """Tell whether a callback acts on every batch, so that the live model must be up to date after each."""
    names = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    own = type(callback)
    if isinstance(callback, keras.callbacks.LambdaCallback):
        return any(name in vars(callback) for name in names)
    if own.__module__.startswith("keras."):
        return isinstance(getattr(callback, "save_freq", "epoch"), int)  # it saves the model in mid-epoch
    return any(getattr(own, name) is not getattr(keras.callbacks.Callback, name) for name in names)
