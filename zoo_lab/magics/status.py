"""Publishes this kernel's contexts on its board, from where JupyterLab has them; stops one that is asked to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from zoo_lab.context import current
from zoo_lab.context.usage import usage
from zoo_lab.widgets.board import Board, kernel_board
from zoo_lab.widgets.ticker import Ticker

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_USAGE_SECONDS = 2.0


def follow_contexts() -> Callable[[], None]:
    """Publish the running context and each that starts, whoever starts it; call what is returned to end that."""
    undo: list[Callable[[], None]] = []

    def follow(context: NNContext) -> None:
        publish(context)
        undo.append(context.on_change(publish))
        board = kernel_board()
        if board is not None:
            undo.append(_serve(context, board))

    undo.append(current.on_start(follow))
    running = current.current_context()
    if running is not None:
        follow(running)
    return lambda: [end() for end in undo] and None


def publish(context: NNContext) -> None:
    """Write what the context is and its state on the kernel's board; outside a kernel do nothing."""
    board = kernel_board()
    if board is not None:
        description = context.describe()
        board.set_context(description.pop("app"), **description)


def _serve(context: NNContext, board: Board) -> Callable[[], None]:
    """Keep the board informed of how busy `context` is, and stop it when asked; call what is returned to end that."""
    app = context.describe()["app"]
    ticker = Ticker(lambda: board.note_usage(app, usage(context.sc)), _USAGE_SECONDS, every=_USAGE_SECONDS)
    ticker.wake()

    def stop(request: Mapping[str, Any]) -> None:
        if request.get("app") == app:
            stop_context(context)

    forget = board.on("stop_context", stop)
    changes: list[Callable[[], None]] = []

    def end() -> None:
        ticker.close()
        forget()
        for undo in changes:
            undo()

    changes.append(context.on_change(lambda changed: end() if changed.state == "stopped" else None))
    return end


def stop_context(context: NNContext) -> None:
    """Stop the runs on `context`, wait a moment for their ends, then the context."""
    from zoo_lab.train.run import running_runs

    runs = running_runs()
    for run in runs:
        run.stop()
    for run in runs:
        run.wait_for_end(10.0)
    context.stop()
