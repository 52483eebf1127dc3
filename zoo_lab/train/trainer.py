"""Takes one run from its arguments to its end: ships, trains, reports, and cleans up whatever happens."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zoo_lab.context.jobs import GRACE_SECONDS, interruptible
from zoo_lab.core.errors import ArgumentError, TrainingError
from zoo_lab.core.events import (
    BranchedFrom,
    EpochDone,
    Event,
    IterationDiscarded,
    IterationDone,
    RunMade,
    RunStarted,
    RunStopped,
)
from zoo_lab.core.report import placed_report, report_of
from zoo_lab.core.runlog import RunLog, read_events
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.train.badbatches import BadBatches, Policy
from zoo_lab.train.keeping import Keeper
from zoo_lab.train.knobs import Knobs, Turns
from zoo_lab.train.plan import Plan
from zoo_lab.train.run import Run
from zoo_lab.train.saving import offset_of
from zoo_lab.train.watching import Watcher

if TYPE_CHECKING:
    from zoo_lab.train.crew import Crew
    from zoo_lab.train.keeping import KeepWeights
    from zoo_lab.train.live import LiveModel
    from zoo_lab.train.saving import Checkpoints, Start


@dataclass(frozen=True)
class Job:
    """The checked arguments of one `fit`."""

    live: LiveModel
    data: FeatureSet
    validation: FeatureSet | None
    plan: Plan
    callbacks: Sequence[Any]
    class_weight: Mapping[int, float] | None
    start: Start
    checkpoints: Checkpoints | None
    made: RunMade
    keeping: KeepWeights | None = None
    policy: Policy = Policy()
    watch: int = 0
    turns: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


def train(run: Run, job: Job) -> None:
    """Train to the end; errors are kept in the run and raised."""
    begin = time.monotonic()
    run.plan = job.plan
    reason, error = "failed", None
    try:
        knobs = Knobs(job.live, job.data)
        knobs.restore(job.start.knobs)
        run.turned_knobs.update(job.start.knobs)
        run.quarantine.update(job.start.quarantine)
        with _logged(run) as log, interruptible():
            run.stream.emit(_started(run, job, knobs.values))
            run.stream.emit(job.made)
            _tell_again(run, job.start)
            _tell_parent(run, job.start)
            try:
                reason = _train(run, job, log, knobs)
            except KeyboardInterrupt:
                reason = "stopped"
            except BaseException as raised:
                error = raised
                raise
            finally:
                run.stream.emit(_stopped(run, reason, error, begin))
    except BaseException as raised:
        error = raised
        raise
    finally:
        run.end(error)


@contextmanager
def _logged(run: Run) -> Iterator[RunLog]:
    """Write the run's events into its file; a disk that fills up later costs the rest of the file, not the run."""
    try:
        log = RunLog(run.path)
    except OSError as error:
        msg = f"Expected to write the run file {run.path}; received: {error}. Name another folder with runs=."
        raise ArgumentError(msg) from error
    run.stream.subscribe(log)
    try:
        yield log
    finally:
        try:
            log.close()
        except OSError as error:
            sys.stderr.write(f"zoo_lab: the run file {run.path} lacks its end: {error}\n")


def _stopped(run: Run, reason: str, error: BaseException | None, begin: float) -> RunStopped:
    message = "" if error is None else f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - begin
    told = {} if error is None else placed_report(report_of(error)).to_dict()
    if isinstance(error, TrainingError):
        error.run = run.id
    return RunStopped(
        run=run.id, reason=reason, iterations=run.iterations, seconds=seconds, message=message, error=told
    )


def _train(run: Run, job: Job, log: RunLog, knobs: Knobs) -> str:
    """Return why the run ended."""
    from zoo_lab.train.crew import Crew
    from zoo_lab.train.loop import Loop
    from zoo_lab.train.repeat import Repeater, Stopped
    from zoo_lab.train.saving import Saver

    context = job.data.context
    context.warm_up()
    live = job.live
    with ExitStack() as resources:
        session = resources.enter_context(context.jobs.session(f"zoo_lab: fit {run.name}"))
        repeat = Repeater(
            run.id, run.stream.emit, lambda: run.stopping, socket.gethostname() if context.one_host else ""
        )
        crew = resources.enter_context(closing(Crew(run, job, session, repeat)))
        run.on_stop(lambda: _cancel_if_slow(crew, run))
        try:
            crew.open(fresh=job.start.iteration == 0)
            loop = Loop(
                run.plan,
                live,
                crew,
                run=run.id,
                emit=run.stream.emit,
                repeat=repeat,
                callbacks=job.callbacks,
                validation=job.validation,
                stop_asked=lambda: run.stopping,
                pause_asked=lambda: run.pausing,
                wait_while_paused=run.wait_while_paused,
                turned=run.turned,
                knobs=knobs,
                turns=Turns(job.turns, job.start.iteration),
                bad=BadBatches(job.policy, run, live, [handle.rows for handle in job.data.store.handles]),
                planned=lambda why: setattr(run, "plan", replace(run.plan, why=f"{run.plan.why}; {why}")),
                start=job.start,
                watcher=_watcher(run, job),
                keeper=_keeper(run, job, log),
                saver=Saver(job.checkpoints, run, live, context, job.start, log.flush) if job.checkpoints else None,
            )
            loop.train()
            return "early" if loop.stopped_early else "finished"
        except Stopped:
            return "stopped"
        except KeyboardInterrupt:
            session.settle_or_cancel()
            return "stopped"
        except Exception:
            if run.stopping:
                return "stopped"
            raise


def _keeper(run: Run, job: Job, log: RunLog) -> Keeper | None:
    if job.keeping is None or run.kept is None:
        return None
    return Keeper(job.keeping.every, run, job.live, run.kept, lambda: offset_of(run, log.flush))


def _watcher(run: Run, job: Job) -> Watcher | None:
    data = job.validation or job.data
    return Watcher(run, job.live.model, data, job.watch, data is job.validation) if job.watch else None


def _tell_again(run: Run, start: Start) -> None:
    """Tell what the run had done when it was saved, so that its curve is whole."""
    told = _events_before(start)
    epochs = {event.epoch for event in told if isinstance(event, EpochDone)}
    for event in told:
        run.stream.emit(replace(event, run=run.id))
    if not epochs and start.history:  # the old run file is not here
        run.history.update({name: list(values) for name, values in start.history.items()})


def _tell_parent(run: Run, start: Start) -> None:
    """Tell what this run branches from, and show that run's curve beside its own."""
    if start.parent is None or start.file is None:
        return
    parent = start.parent
    run.stream.emit(
        BranchedFrom(
            run=run.id,
            iteration=start.iteration,
            parent=parent.run,
            name=parent.name,
            path=str(start.file),
            changes=parent.changes,
            others=parent.others,
        )
    )
    for event in read_events(start.file):
        if isinstance(event, IterationDone) and event.iteration > start.iteration:
            run.beside.emit(event)


def _events_before(start: Start) -> list[Event]:
    if start.file is None or not start.file.is_file():
        return []
    try:
        events = list(read_events(start.file, start.offset))
    except (OSError, ValueError):  # it was damaged since; the checkpoint holds what training needs
        return []
    return [event for event in events if isinstance(event, (IterationDone, IterationDiscarded, EpochDone))]


def _cancel_if_slow(crew: Crew, run: Run) -> None:
    def cancel() -> None:
        if run.state == "running":
            crew.cancel()

    timer = threading.Timer(GRACE_SECONDS, cancel)
    timer.daemon = True
    timer.start()


def _started(run: Run, job: Job, knobs: Mapping[str, float]) -> RunStarted:
    plan, model = job.plan, job.live.model
    return RunStarted(
        run=run.id,
        name=run.name,
        model=type(model).__name__,
        parameters=model.count_params(),
        rows=plan.rows,
        batch_size=plan.batch_size,
        epochs=plan.epochs,
        steps_per_epoch=plan.steps_per_epoch,
        iterations=plan.iterations,
        workers=plan.workers,
        sync=plan.sync,
        seed=plan.seed,
        why=plan.why,
        metrics=tuple(_metric_names(model)),
        validation=job.validation is not None,
        master=job.data.context.sc.master,
        knobs=knobs,
    )


def _metric_names(model: Any) -> list[str]:
    return [name for name in model.get_metrics_result() if name != "loss"]
