"""Publishes this kernel's contexts on its board, from where JupyterLab's status item has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zoo_lab.context import current
from zoo_lab.widgets.board import kernel_board

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext


def follow_contexts() -> Callable[[], None]:
    """Publish the running context and each that starts, whoever starts it; call what is returned to end that."""
    undo: list[Callable[[], None]] = []

    def follow(context: NNContext) -> None:
        publish(context)
        undo.append(context.on_change(publish))

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
