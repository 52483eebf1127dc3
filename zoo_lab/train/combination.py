"""Which arguments of `fit` go together, and what some of them decide about others. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.train.plan import Plan
from zoo_lab.train.setup import ALONE, APART, MEET
from zoo_lab.train.stragglers import DropSlow


def check_combination(
    checks: Checks, sync: str, iterations_per_job: int | str, compression: str, sync_every: Any, drop: Any
) -> None:
    """Note what does not go together, in the words of `fit`."""
    checks.require(
        compression == "none" or sync == "sliced",
        f"Expected sync='sliced' with compression={compression!r}: other strategies send no gradients over a network; "
        f"received sync={sync!r}.",
    )
    checks.positive_int("sync_every", sync_every)
    checks.require(
        drop is None or isinstance(drop, DropSlow),
        f"Expected drop to be None or zoo_lab.train.DropSlow(…); received {drop!r}.",
    )
    if sync_every != 1:
        _check_local_steps(checks, sync, iterations_per_job, drop, sync_every)
    if drop is not None:
        checks.require(
            iterations_per_job in ("auto", 1),
            "Expected iterations_per_job=1 or 'auto' with drop: what came in time is known after each iteration's job; "
            f"received {iterations_per_job!r}.",
        )


def _check_local_steps(checks: Checks, sync: str, iterations_per_job: Any, drop: Any, sync_every: Any) -> None:
    checks.require(
        sync == "auto",
        f"Expected sync='auto' with sync_every={sync_every!r}: weights are averaged, no gradients are summed, so there "
        f"is no strategy to choose; received sync={sync!r}.",
    )
    checks.require(
        iterations_per_job == "auto",
        f"Expected iterations_per_job='auto' with sync_every={sync_every!r}: the steps between two averagings are a "
        f"job; received {iterations_per_job!r}.",
    )
    checks.require(
        drop is None,
        f"Expected sync_every=1 with drop: workers that step by themselves wait for nobody in an iteration; received "
        f"sync_every={sync_every!r}.",
    )


def parts_of(plan: Plan) -> str:
    """Return what the workers' parts of a batch are to each other, see `Setup`."""
    if plan.sync_every > 1:
        return ALONE
    return MEET if plan.drop is None else APART


def settled(plan: Plan) -> Plan:
    """Return the plan with what `sync_every` and `drop` decide about its jobs.

    Errors:
        ArgumentError: `drop` could never cut anything off.
    """
    if plan.sync_every > 1:
        return replace(plan, iterations_per_job=plan.sync_every)
    if plan.drop is None:
        return plan
    plan.drop.expect_some(plan.workers)
    parts = plan.drop.parts(plan.workers)
    why = (
        f"{plan.why}; one iteration a job, as what comes too late is dropped: of {plan.drop.window} iterations' "
        f"{plan.drop.window * plan.workers} parts the {parts} slowest"
    )
    return replace(plan, iterations_per_job=1, why=why)
