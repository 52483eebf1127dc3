"""The workers of a run: the engine that sends them the model and the strategy that keeps them in step.

Made anew when executors join or go: at the start of an epoch, and where an iteration is repeated after a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zoo_lab.context.jobs import JobSession
from zoo_lab.core.events import Notice
from zoo_lab.train.batches import Schedule
from zoo_lab.train.combination import parts_of
from zoo_lab.train.engine import Engine
from zoo_lab.train.grouping import most_iterations
from zoo_lab.train.repeat import Repeater
from zoo_lab.train.run import Run
from zoo_lab.train.sync import Terms, open_sync
from zoo_lab.train.sync.base import Sync

if TYPE_CHECKING:
    from zoo_lab.train.trainer import Job
    from zoo_lab.train.update import UpdateRule


class Crew:
    """What a run works with at present.

    Attributes:
        engine: prepared.
        sync: the strategy, on the live model.
    """

    engine: Engine
    sync: Sync

    def __init__(self, run: Run, job: Job, session: JobSession, repeat: Repeater) -> None:
        self._run = run
        self._job = job
        self._session = session
        self._repeat = repeat
        self._ready = False

    @property
    def makes_rows(self) -> bool:
        """Whether a chain makes the rows that are trained on."""
        return self._job.data.chain is not None

    def refit(self) -> bool:
        """Go on with as many workers as there are now; return whether that changed anything.

        Executors that joined take over a share of the shards that others hold, where workers see only their own.
        """
        context = self._job.data.context
        context.recount()
        if self._ready:
            before = self.engine.setup.workers
            if context.slots == before:
                return False
            self.sync.rewind()
            self.close()
            self._tell(before, context.slots)
        context.warm_up()
        self.open(fresh=False)
        self.sync.publish()
        return True

    def retool(self, change: Callable[[], None]) -> None:
        """Have `change` do something else with the optimizer, and go on with it from the last finished iteration."""
        self._repeat(self.sync.rewind, self._run.iterations)
        if self._run.plan.sync_every > 1:  # the workers have optimizers of their own
            self.close()
            change()
            self.open(fresh=False)
        else:
            self.sync.close()
            change()
            self._open_sync()
        self._repeat(self.sync.publish, self._run.iterations)

    def close(self) -> None:
        """Free what both hold. Safe to call twice."""
        if self._ready:
            self._ready = False
            self.sync.close()
            self.engine.close()

    def cancel(self) -> None:
        """Cancel the job under way, unless it brings the last finished iteration home."""
        if self._ready:
            self.engine.cancel()
        else:
            self._session.cancel()

    def open(self, fresh: bool) -> None:
        """Send the model to the workers and choose the strategy; `fresh` at the very start of a run."""
        self.engine = self._made_engine()
        try:
            self._job.live.connect(self._repeat(self.engine.prepare, self._run.iterations), fresh=fresh)
            self._open_sync()
        except BaseException:
            self.engine.close()
            raise
        self._ready = True

    def _open_sync(self) -> None:
        job, run = self._job, self._run
        plan = replace(run.plan, workers=self.engine.setup.workers)
        rule, run.plan = _update_rule(job, plan)
        terms = Terms(
            plan=run.plan,
            engine=self.engine,
            live=job.live,
            rule=rule,
            capacity=min(most_iterations(plan.iterations_per_job, plan.batch_size), plan.iterations),
            stop_asked=lambda: run.stopping,
            halt_asked=lambda: run.stopping or run.pausing or run.turning,
            planned=self._choose,
            notice=self._notice,
        )
        self.sync = self._repeat(lambda: open_sync(terms), run.iterations)

    def _made_engine(self) -> Engine:
        from zoo_lab.keras.shipping import pack

        job, plan = self._job, self._run.plan
        return Engine(
            job.data.context,
            self._session,
            job.data,
            package=pack(job.live.model, optimizer=plan.sync_every > 1),
            layout=job.live.layout,
            weights=job.live.flat_weights(),
            state=job.live.flat_state(only_updated=False),
            seed=plan.seed,
            class_weight=dict(job.class_weight) if job.class_weight else None,
            parts=parts_of(plan),
            schedule=Schedule(plan.rows, plan.batch_size, plan.seed, plan.shuffle, plan.iterations),
        )

    def _tell(self, before: int, now: int) -> None:
        self._notice(f"Executors {'joined' if now > before else 'left'}: {now} workers from here on, {before} before.")
        if now > before and not self._job.data.context.one_host:
            for data in filter(None, (self._job.data, self._job.validation)):
                spread(data.store, before, now)

    def _notice(self, text: str) -> None:
        self._run.stream.emit(Notice(run=self._run.id, text=text))

    def _choose(self, sync: str, why: str) -> None:
        self._run.plan = replace(self._run.plan, sync=sync, why=why)


def spread(store: Any, before: int, now: int) -> None:
    """Have the share of shards that new workers should hold written where there is room: of 2 among 4 half of them."""
    moved = [handle.index for position, handle in enumerate(store.handles) if position % now >= before]
    if moved:
        store.restore(moved)


def _update_rule(job: Job, plan: Any) -> tuple[UpdateRule | None, Any]:
    """Return how workers update slices of the weights (None: the driver updates all), and the plan that says why."""
    from zoo_lab.train.loop import watches_batches

    if plan.sync_every > 1:
        return None, plan  # each worker's optimizer updates its own model
    rule: Any = job.live.rule
    if plan.drop is not None and plan.sync == "shared":
        rule = "what came in time is known when all have ended"
    if any(map(watches_batches, job.callbacks)):
        rule = "a callback acts on every batch"
    if not isinstance(rule, str):
        return rule, plan
    told = f"; the driver updates the weights, as {rule}"
    return None, plan if told in plan.why else replace(plan, why=plan.why + told)
