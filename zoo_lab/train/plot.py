"""Draws a run with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_lab.core.events import EpochDone, IterationDone

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from zoo_lab.train.run import Run


def plot_run(run: Run) -> Figure:
    """Return a figure: the loss by iteration on the left, every other metric by epoch on the right."""
    from matplotlib.figure import Figure

    events = run.events
    losses = [(event.iteration, event.loss) for event in events if isinstance(event, IterationDone)]
    epochs = [event for event in events if isinstance(event, EpochDone)]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(*zip(*losses, strict=True) if losses else ([], []), linewidth=1, label="loss")
    for name in ("val_loss",):
        points = [(event.iteration, event.logs[name]) for event in epochs if name in event.logs]
        if points:
            left.plot(*zip(*points, strict=True), marker="o", linewidth=0, label=name)
    for name in dict.fromkeys(key for event in epochs for key in event.logs if not key.endswith("loss")):
        values = [(event.epoch + 1, event.logs[name]) for event in epochs if name in event.logs]
        right.plot(*zip(*values, strict=True), marker="o", label=name)
    left.set(title=run.name, xlabel="iteration", ylabel="loss")
    right.set(xlabel="epoch")
    for axes in (left, right):
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
    return figure
