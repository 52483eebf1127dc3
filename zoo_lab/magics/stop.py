"""%zoo_stop: end what trains in the background, or the context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.kinds import FLAG, is_a, value

if TYPE_CHECKING:
    from zoo_lab.train.run import Run

_PATIENCE = 30.0

COMMAND = Command(
    "zoo_stop",
    "Stop the runs that train in the background; their models keep the weights of the last finished iteration.",
    (
        Option("run", value("NAME", is_a("zoo_lab", "Run")), "the one to stop", "all"),
        Option("--context", FLAG, "stop the context too; a Spark session that you started yourself goes on"),
    ),
    "%zoo_stop --context",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Stop the runs, wait for their ends, and say what became of them."""
    from zoo_lab.train.run import running_runs

    runs = [_expect_run(values["run"])] if "run" in values else running_runs()
    for run in runs:
        run.stop()
    for run in runs:
        print(_ended(run))
    if "context" in values:
        print(_stop_context())
    elif not runs:
        print("No run is under way.")


def _ended(run: Run) -> str:
    try:
        run.wait(_PATIENCE)
    except BaseException as error:
        if error is not run.error:  # such as ■ while waiting
            raise
        return f"{run.name} had failed: {type(error).__name__}: {error}"
    if run.state == "running":
        return f"{run.name} is stopping; its last iteration takes long."
    return f"{run.name}: {run.state} after {run.iterations:,} iterations; its model holds the weights of the last one."


def _stop_context() -> str:
    from zoo_lab.context.current import current_context

    context = current_context()
    if context is None:
        return "No context is running."
    context.stop()
    return "The context is stopped." if context.owned else "The context is released; your Spark session goes on."


def _expect_run(run: Any) -> Run:
    from zoo_lab.train.run import Run

    if not isinstance(run, Run):
        msg = f"%zoo_stop: Expected a run, as %zoo_fit -o keeps it; received {run!r}."
        raise ArgumentError(msg)
    return run
