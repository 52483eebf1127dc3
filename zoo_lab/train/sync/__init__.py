"""Strategies of parameter synchronization, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zoo_lab.train.engine import Engine
from zoo_lab.train.live import LiveModel
from zoo_lab.train.plan import Plan
from zoo_lab.train.sync.base import Sync
from zoo_lab.train.update import UpdateRule


@dataclass(frozen=True)
class Terms:
    """What every strategy is opened with.

    Attributes:
        plan: of the run.
        engine: prepared.
        live: the live model, connected.
        rule: how slices of the weights are updated; None where only the driver's model can be.
        capacity: the most iterations that one job may hold.
        stop_asked: whether the run is to end soon.
        halt_asked: whether it is to end or to pause soon, or has a knob to turn.
        planned: called with (strategy, reason) where one is chosen in mid-run.
        notice: called with what the user should know.
    """

    plan: Plan
    engine: Engine
    live: LiveModel
    rule: UpdateRule | None
    capacity: int
    stop_asked: Callable[[], bool]
    halt_asked: Callable[[], bool]
    planned: Callable[[str, str], None]
    notice: Callable[[str], None]


def open_sync(terms: Terms) -> Sync:
    """Return the plan's strategy, "measured" for one that finds the best by itself."""
    plan = terms.plan
    if plan.drop is None:
        return _open(terms)
    from zoo_lab.train.sync.dropping import DroppingSync

    return DroppingSync(_open(terms), plan.drop, plan.workers, terms.notice)


def _open(terms: Terms) -> Sync:
    if terms.plan.sync == "measured":
        from zoo_lab.train.sync.auto import MeasuredSync

        return MeasuredSync(lambda name: open_named(name, terms), terms.planned)
    return open_named(terms.plan.sync, terms)


def open_named(name: str, terms: Terms) -> Sync:
    """Return the strategy `name`."""
    plan, engine, live, rule = terms.plan, terms.engine, terms.live, terms.rule
    if name == "shared":
        from zoo_lab.train.sync.shared import SharedSync

        rows = min(plan.batch_size, plan.rows)
        asked = {"halt_asked": terms.halt_asked, "notice": terms.notice}
        return SharedSync(engine, live, rule, batch_size=rows, capacity=terms.capacity, **asked)
    if name == "sliced":
        from zoo_lab.train.sync.sliced import SlicedSync

        return SlicedSync(engine, live, rule, plan.compression, terms.stop_asked)
    if name == "local":
        from zoo_lab.train.sync.local import LocalSync

        return LocalSync(engine, live, plan.sync_every)
    from zoo_lab.train.sync.collect import CollectSync

    return CollectSync(engine, live, rule)
